"""Any SentenceTransformer that takes pictures and texts, such as CLIP, from a folder or the hub's cache."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.folder import pick_device
from mmsearch.errors import EncoderError
from mmsearch.types import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_SIDE = 448  # pixels that the larger models of this kind look at


def _hash_folder(folder: Path) -> str:
    """Return a digest of the names, sizes and times of a folder's files, and of the small ones' content."""
    found = blake2b(digest_size=8)
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix in {".json", ".safetensors", ".bin"}):
        size = path.stat().st_size
        found.update(f"{path.relative_to(folder)}:{size}:".encode())
        with path.open("rb") as file:
            found.update(file.read(1 << 20))  # the head of a weight file, or all of a config
            if size > 1 << 20:
                file.seek(-(1 << 20), 2)
                found.update(file.read())
    return found.hexdigest()


def _load(source: str, device: str, download: bool) -> "SentenceTransformer":
    from sentence_transformers import SentenceTransformer

    try:
        return SentenceTransformer(source, device=str(pick_device(device)), local_files_only=not download)
    except EncoderError:
        raise
    except Exception as error:
        # The library, transformers and the hub client each have errors of their own.
        if Path(source).is_dir():
            raise EncoderError(f"Cannot load the SentenceTransformer in {source}: {error}") from error
        raise EncoderError(
            f"The encoder {source} is not on this machine, and nothing is downloaded unasked. Get it with "
            f"`hf download {source}`, or give the path of its folder. ({error})"
        ) from error


class SentenceTransformerEncoder(DualEncoder):
    """Runs a model through sentence-transformers; code that comes with a model is never run.

    Args:
        source: A folder or a hub id.
        name: As the user asks for it; the source if None.
        device: "auto", "cpu", "cuda", …
        download: Ask the hub for what is missing.

    Raises:
        EncoderError: If it is not there, does not load, or does not take both pictures and texts.
    """

    image_side = _SIDE

    def __init__(self, source: str, *, name: str | None = None, device: str = "auto", download: bool = False) -> None:
        self.name = name or source
        self._model = _load(source, device, download)
        if not {"image", "text"} <= set(self._model.modalities):
            raise EncoderError(
                f"The encoder {self.name} takes {', '.join(map(str, self._model.modalities))}; searching pictures by "
                "words needs one that takes image and text."
            )
        self.fingerprint = _fingerprint(source)
        self.dim = int(self._encode(["a"]).shape[1])

    def _encode(self, inputs: "list[str] | list[Image.Image]") -> Vectors:
        try:
            vectors = self._model.encode(inputs, batch_size=len(inputs), show_progress_bar=False)
        except (RuntimeError, ValueError, TypeError) as error:
            raise EncoderError(f"The encoder {self.name} failed: {error}") from error
        return np.asarray(vectors, np.float32)

    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        return self._encode([image.convert("RGB") for image in images])

    def _encode_texts(self, texts: Sequence[str]) -> Vectors:
        return self._encode(list(texts))


def _fingerprint(source: str) -> str:
    """Return a digest of the files behind a folder or hub id."""
    if Path(source).is_dir():
        return _hash_folder(Path(source))
    from huggingface_hub import snapshot_download

    return _hash_folder(Path(snapshot_download(source, local_files_only=True)))
