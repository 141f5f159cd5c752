"""Encoders of our own kind, read from a folder."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.threads import threads
from mmsearch.errors import EncoderError
from mmsearch.models.device import pick_device
from mmsearch.models.fingerprint import CHECKSUMS, checksums_fingerprint
from mmsearch.models.frozen import frozen_network
from mmsearch.types import Vectors

if TYPE_CHECKING:
    import torch

    from mmsearch.nets.dual_network import DualNetwork

CONFIG = "config.json"  # written by `nets.dual_network.save_network`
ALIGNED = "aligned.json"  # written by `nets.aligned_saving.write_projections`


def is_ours(folder: Path) -> bool:
    """Say whether a model folder holds a network of `mmsearch.nets`."""
    return (folder / CHECKSUMS).is_file()


def is_aligned(folder: Path) -> bool:
    """Say whether a model folder joins two encoders by maps that were learnt."""
    return (folder / ALIGNED).is_file()


def fingerprint(folder: Path) -> str:
    """Return a digest of the checksums that were written with the weights; `damaged_files` hashes the weights anew.

    Raises:
        EncoderError: If the folder holds no checksums.
    """
    try:
        return checksums_fingerprint(folder)
    except OSError as error:
        raise EncoderError(f"{folder} is not a model folder of mmsearch: {error}.") from error


@dataclass(frozen=True, slots=True)
class Identity:
    """What a folder says about its encoder without loading it."""

    fingerprint: str
    dim: int
    side: int  # pixels


def identity(folder: Path) -> Identity:
    """Read what a folder says about its encoder.

    Raises:
        EncoderError: If it says nothing.
    """
    try:
        config = json.loads((folder / CONFIG).read_text(encoding="utf8"))
        return Identity(fingerprint(folder), int(config["dim"]), int(config["side"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"Cannot load the encoder in {folder}: {error}. Copy or train it anew.") from error


def damaged_files(folder: Path) -> tuple[str, ...]:
    """Return the names of the files whose content is not what was saved, none if all is well."""
    from mmsearch.nets.dual_network import checksums

    try:
        said = json.loads((folder / CHECKSUMS).read_text(encoding="utf8"))
    except (OSError, ValueError):
        return (CHECKSUMS,)
    try:
        found = checksums(folder)
    except OSError as error:
        return (str(error),)
    return tuple(sorted(name for name in said.keys() | found.keys() if said.get(name) != found.get(name)))


class NetworkEncoder(DualEncoder):
    """A network of `mmsearch.nets` that is in memory.

    Args:
        network: Ready for inference on its device.
        name: As the user asks for it.
        fingerprint: Hex; changes whenever the vectors would.
    """

    batch_size = 16

    def __init__(self, network: "DualNetwork", *, name: str, fingerprint: str) -> None:
        import torch

        self._threads = torch.get_num_threads()
        self.network, self.name, self.fingerprint = network, name, fingerprint
        self.dim = network.shape.dim
        self.image_side = network.shape.side

    def _run(self, encode: "Callable[[], torch.Tensor]", n_threads: int) -> NDArray[np.float32]:
        import torch

        with threads(n_threads, self._threads), torch.inference_mode():
            return encode().cpu().numpy().astype(np.float32, copy=False)

    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        return self._run(lambda: self.network.encode_pixels(self.network.pixels(images)), self._threads)

    def _encode_patches(self, image: Image.Image) -> NDArray[np.float32]:
        from mmsearch.nets.pictures import normalised

        def encode() -> "torch.Tensor":
            weight = self.network.image.stem.weight
            pixels = self.network.pixels([image]).to(weight.device)
            cells = self.network.image.grid(normalised(pixels, weight.dtype))  # (1, C, rows, columns)
            patches: torch.Tensor = self.network.image_head(cells[0].permute(1, 2, 0).float())
            return patches

        return self._run(encode, self._threads)

    def _encode_texts(self, texts: Sequence[str]) -> Vectors:
        # One text is too little work to share: waking the other threads takes longer than what they save.
        n_threads = 1 if len(texts) == 1 else self._threads
        return self._run(lambda: self.network.encode_tokens(*self.network.tokens(texts)), n_threads)


def open_folder(
    folder: Path, *, name: str | None = None, device: str = "auto", dtype: "torch.dtype | None" = None
) -> NetworkEncoder:
    """Load what `nets.folder.save_folder` wrote, without sentence-transformers, in a fraction of a second.

    Args:
        folder: Of the model.
        name: As the user asks for it; the folder's own name if None.
        device: "auto", "cpu", "cuda", …
        dtype: Of the towers; None for the fastest that the device is good at. With one given, the weights are its own
            to change; without, others may hold the same network.

    Raises:
        EncoderError: If the folder is missing, incomplete or damaged, or the device cannot be used.
    """
    from safetensors import SafetensorError

    from mmsearch.nets.dual_network import load_network

    print_of_weights, where = fingerprint(folder), pick_device(device, EncoderError)
    try:
        network = load_network(folder, where, dtype) if dtype else frozen_network(folder, where)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        harmed = ", ".join(damaged_files(folder)) or "none; its files are those that were saved"
        raise EncoderError(
            f"Cannot load the encoder in {folder}: {error}. Damaged files: {harmed}. Copy or train it anew."
        ) from error
    return NetworkEncoder(network, name=name or folder.name, fingerprint=print_of_weights)
