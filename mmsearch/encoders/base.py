"""The contract of an aligned encoder: pictures and words in one vector space."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.errors import EncoderError
from mmsearch.types import Vectors


class DualEncoder(ABC):
    """Turns pictures and texts into unit vectors whose inner product says how well they match.

    Safe to call from several threads. Scores of different encoders are not comparable.
    Batching and checks live here; an implementation encodes one batch.
    """

    name: str  # as the user asks for it
    fingerprint: str  # hex; changes whenever the vectors would
    dim: int
    image_side: int  # pixels that it makes use of on the shorter side; pictures may be decoded as small as that
    batch_size: int = 32

    @abstractmethod
    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return (len(images), dim); rows need not be of unit length."""

    @abstractmethod
    def _encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return (len(texts), dim); rows need not be of unit length."""

    def load(self) -> None:  # noqa: B027, most encoders have nothing left to do
        """Do now what the first encoding would do first, such as read the weights."""

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return the unit vectors of pictures of any mode and size, (len(images), dim).

        Raises:
            EncoderError: If the model gives anything but finite rows of its width.
        """
        parts = [self._encode_images(images[i : i + self.batch_size]) for i in range(0, len(images), self.batch_size)]
        return self._unit(parts, len(images))

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of texts, (len(texts), dim).

        Texts of like length share a batch, so that padding costs little.

        Raises:
            EncoderError: If the model gives anything but finite rows of its width.
        """
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        batches = [order[i : i + self.batch_size] for i in range(0, len(order), self.batch_size)]
        vectors = self._unit([self._encode_texts([texts[i] for i in batch]) for batch in batches], len(texts))
        result = np.empty_like(vectors)
        result[order] = vectors
        return result

    def encode_patches(self, image: Image.Image) -> NDArray[np.float32]:
        """Return unit vectors of the parts of a picture in the space of texts, (rows, columns, dim).

        Rows and columns divide the whole picture evenly, from the upper left.

        Raises:
            EncoderError: If the model fails, or is of a kind that gives a picture one vector only.
        """
        patches = self._encode_patches(image)
        rows, columns, _ = patches.shape
        return self._unit([patches.reshape(rows * columns, -1)], rows * columns).reshape(rows, columns, -1)

    def _encode_patches(self, image: Image.Image) -> NDArray[np.float32]:
        """Do `encode_patches`; vectors need not be of unit length."""
        raise EncoderError(f"The encoder {self.name} cannot tell the parts of a picture apart.")

    def _unit(self, parts: list[Vectors], n: int) -> Vectors:
        """Check and normalise the batches of one call, (n, dim)."""
        vectors = np.concatenate(parts) if parts else np.empty((0, self.dim), np.float32)
        if vectors.shape != (n, self.dim) or not np.isfinite(vectors).all():
            raise EncoderError(
                f"Encoder {self.name} returned {vectors.shape} or values that are not finite; "
                f"expected {(n, self.dim)}. Is its folder damaged?"
            )
        norms = np.linalg.norm(vectors, axis=1, keepdims=True)  # (n, 1)
        unit: Vectors = (vectors / np.maximum(norms, 1e-12)).astype(np.float32)
        return unit
