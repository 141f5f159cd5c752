"""Networks of our own that are in memory, so that an encoder and the matcher built on it hold the same one."""

from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from mmsearch.models.fingerprint import checksums_fingerprint

if TYPE_CHECKING:
    import torch

    from mmsearch.nets.dual_network import DualNetwork

_lock = Lock()
_held: "WeakValueDictionary[tuple[str, str], DualNetwork]" = WeakValueDictionary()  # by folder and checksums


def frozen_network(folder: Path, device: "torch.device") -> "DualNetwork":
    """Return the network of a folder, ready for inference; whoever wants to change its weights loads one for itself.

    On a CPU all who ask while it is in use get the same one. On a GPU each gets its own: a matcher that runs out of
    memory there moves to the CPU, and must not take the encoder along.

    Args:
        folder: That `nets.dual_network.save_network` wrote.
        device: Where it is to run.

    Raises:
        OSError: If a file is missing.
        RuntimeError: If the weights do not fit the config.
    """
    from mmsearch.nets.dual_network import load_network

    if device.type != "cpu":
        return load_network(folder, device)
    key = str(folder.resolve()), checksums_fingerprint(folder)
    with _lock:
        network = _held.get(key)
        if network is None:
            network = _held[key] = load_network(folder, device)
    return network
