"""The contract of a re-ranker."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image


@dataclass(frozen=True, slots=True)
class PictureTokens:
    """What a re-ranker keeps of pictures, small enough to store.

    Args:
        rows: (n, T, W) int8.
        scale: (n, T, 1) float16; the tokens are rows times scale.
        vectors: (n, dim) float16, the encoder's unit vectors.
    """

    rows: NDArray[np.int8]
    scale: NDArray[np.float16]
    vectors: NDArray[np.float16]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.rows)

    def __getitem__(self, which: "slice | NDArray[np.int64] | NDArray[np.bool_]") -> "PictureTokens":
        """Return some of the pictures, in the order asked for."""
        return PictureTokens(self.rows[which], self.scale[which], self.vectors[which])


class Reranker(ABC):
    """Says how well a text and a picture match, looking at both together."""

    name: str  # as the user asks for it
    fingerprint: str  # hex; changes whenever the scores would

    @abstractmethod
    def prepare(self, images: Sequence[Image.Image]) -> PictureTokens:
        """Return what is to be kept of pictures of any mode and size."""

    @abstractmethod
    def score(self, texts: Sequence[str], pictures: PictureTokens) -> NDArray[np.float32]:
        """Return the log-odds that text i matches picture i, (n,); equal texts are read once.

        Raises:
            RerankerError: If there are not as many texts as pictures.
        """
