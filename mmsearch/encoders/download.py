"""Fetches encoders from the hub: the only place that talks to it, and only when the user says so."""

from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from mmsearch.encoders.hub_cache import WEIGHTS, cached_folder
from mmsearch.encoders.presets import ENCODERS
from mmsearch.errors import EncoderError, UnknownName

PATIENCE = 10.0  # seconds for the hub to answer at all
_NEEDED = {".json", ".txt", ".model", *WEIGHTS}
_OTHER_FORMATS = {"onnx", "openvino", "flax", "tf", "coreml"}


class Hub(Protocol):
    """What a download needs of the hub."""

    def files(self, hub_id: str) -> Sequence[str]:
        """Return the paths of a model's files."""

    def fetch(self, hub_id: str, files: Sequence[str]) -> Path:
        """Bring these files of a model to this machine and return its folder."""


class HuggingFaceHub:
    """The hub that `HF_ENDPOINT` names, into the cache that `HF_HUB_CACHE` names."""

    def files(self, hub_id: str) -> Sequence[str]:
        """Return the paths of a model's files."""
        from huggingface_hub import HfApi

        found = HfApi().model_info(hub_id, timeout=PATIENCE).siblings or ()
        return [each.rfilename for each in found]

    def fetch(self, hub_id: str, files: Sequence[str]) -> Path:
        """Bring these files of a model into the cache."""
        from huggingface_hub import snapshot_download

        return Path(snapshot_download(hub_id, allow_patterns=list(files), etag_timeout=PATIENCE))


def needed_files(files: Sequence[str]) -> list[str]:
    """Choose what loading needs: no other formats of the weights, no .bin where there is a .safetensors."""
    paths = [PurePosixPath(name) for name in files]
    safe = {path.parent for path in paths if path.suffix == ".safetensors"}
    return [
        str(path)
        for path in paths
        if path.suffix in _NEEDED
        and not _OTHER_FORMATS & set(path.parts)
        and not (path.suffix == ".bin" and (path.parent in safe or path.name == "training_args.bin"))
    ]


def download_encoder(name: str, *, progress: Callable[[str], None] | None = None, hub: Hub | None = None) -> Path:
    """Bring an encoder to this machine, whatever is already here left as it is.

    Args:
        name: A key of `ENCODERS`, or a hub id (`owner/model`).
        progress: Told what is being fetched.
        hub: Where from; the Hugging Face hub if None.

    Returns:
        Its folder; of a pair, that of the pictures.

    Raises:
        UnknownName: If it is neither.
        EncoderError: If the hub cannot be reached or has no such model.
    """
    if name not in ENCODERS and (name.count("/") != 1 or Path(name).is_absolute()):
        raise UnknownName("encoder", name, ENCODERS)
    if name in ENCODERS and not ENCODERS[name].hub_ids:
        raise EncoderError(f"The encoder {name} comes with mmsearch; there is nothing to download.")
    hub_ids = ENCODERS[name].hub_ids if name in ENCODERS else (name,)
    folders = [_bring(hub_id, name, progress, hub or HuggingFaceHub()) for hub_id in hub_ids]
    return folders[0]


def _bring(hub_id: str, name: str, progress: Callable[[str], None] | None, hub: Hub) -> Path:
    if progress:
        progress(f"{hub_id}: asking the hub")
    try:
        files = needed_files(hub.files(hub_id))
        if progress:
            progress(f"{hub_id}: fetching {len(files)} files")
        return hub.fetch(hub_id, files)
    except Exception as error:  # the hub's client, its transport and the disk each have errors of their own
        here = cached_folder(hub_id)
        if here is not None:
            return here
        raise EncoderError(f"{hub_id} could not be fetched ({_reason(error)}). {how_to_carry(hub_id, name)}") from error


def _reason(error: Exception) -> str:
    """Return the first line of an error, which may go on for a page."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__


def how_to_carry(hub_id: str, name: str) -> str:
    """Say how a model gets to a machine, with and without network."""
    return (
        f"On a machine with network: mmsearch encoders download {name}. It prints the folder of {hub_id}; copy that "
        f"folder to this machine and give its path: --encoder /path/to/folder. "
        "Or copy the whole cache of that machine (HF_HOME, by default ~/.cache/huggingface)."
    )
