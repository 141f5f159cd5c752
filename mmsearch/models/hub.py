"""The hub that models come from: the only place that talks to it, and only when the user says so."""

from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Protocol

from mmsearch.models.hub_cache import WEIGHTS

PATIENCE = 10.0  # seconds for the hub to answer at all
_NEEDED = {".json", ".txt", ".model", ".jinja", *WEIGHTS}
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
