"""An encoder that is known at once and loaded when it is first needed."""

from collections.abc import Callable, Sequence
from threading import Lock

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.types import Vectors


class LazyEncoder(DualEncoder):
    """Stands for an encoder until it has to encode something.

    So what only asks which encoder made some vectors, such as a run of the indexer with nothing to do, costs neither
    the import of torch nor the reading of weights.

    Args:
        load: Loads it; called once, and again only if it failed.
        name: As the user asks for it.
        fingerprint: Of the encoder that `load` gives.
        dim: Likewise.
        image_side: Likewise.
    """

    def __init__(
        self, load: Callable[[], DualEncoder], *, name: str, fingerprint: str, dim: int, image_side: int
    ) -> None:
        self.name, self.fingerprint, self.dim, self.image_side = name, fingerprint, dim, image_side
        self._load, self._lock = load, Lock()
        self._loaded: DualEncoder | None = None

    def load(self) -> None:
        """Load the encoder, if it is not loaded yet."""
        self._encoder()

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Encode as the encoder does, loading it first if need be."""
        return self._encoder().encode_images(images)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Encode as the encoder does, loading it first if need be."""
        return self._encoder().encode_texts(texts)

    def encode_patches(self, image: Image.Image) -> NDArray[np.float32]:
        """Encode as the encoder does, loading it first if need be."""
        return self._encoder().encode_patches(image)

    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        return self._encoder()._encode_images(images)

    def _encode_texts(self, texts: Sequence[str]) -> Vectors:
        return self._encoder()._encode_texts(texts)

    def _encoder(self) -> DualEncoder:
        with self._lock:
            if self._loaded is None:
                self._loaded = self._load()
            return self._loaded
