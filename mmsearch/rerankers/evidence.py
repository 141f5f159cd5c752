"""What a re-ranker keeps of items, to score texts against."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.errors import RerankerError

Which = slice | NDArray[np.int64] | NDArray[np.bool_]


class Evidence(ABC):
    """What a re-ranker keeps of items, one after the other; each kind of re-ranker makes and reads one kind of it.

    It lies in the memory of the CPU, whatever the re-ranker runs on.
    """

    @abstractmethod
    def __len__(self) -> int:
        """Return the number of items."""

    @abstractmethod
    def __getitem__(self, which: Which) -> Self:
        """Return some of the items, in the order asked for."""

    @classmethod
    @abstractmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return all items of several, at least one."""

    @classmethod
    def of(cls, kept: "Evidence") -> Self:
        """Return what was kept, known to be of this kind.

        Raises:
            RerankerError: If it is not.
        """
        if not isinstance(kept, cls):
            raise RerankerError(f"This re-ranker reads {cls.__name__}, and was given {type(kept).__name__}.")
        return kept


class StoredEvidence(Evidence):
    """Evidence that is worth storing: small, and costly to make."""

    @abstractmethod
    def to_bytes(self) -> list[bytes]:
        """Return each item in a form of its own to be stored."""

    @classmethod
    @abstractmethod
    def from_bytes(cls, blobs: Sequence[bytes]) -> Self:
        """Return the items that `to_bytes` of the same re-ranker stored, at least one.

        Raises:
            RerankerError: If they are something else.
        """


@dataclass(frozen=True, slots=True)
class PictureTokens(StoredEvidence):
    """What a network made of pictures, for another part of it to look at with a text.

    Args:
        rows: (n, T, W) int8.
        scale: (n, T, 1) float16; the tokens are rows times scale.
        vectors: (n, dim) float16, the encoder's unit vectors; dim is 0 where the re-ranker does not look at them.
    """

    rows: NDArray[np.int8]
    scale: NDArray[np.float16]
    vectors: NDArray[np.float16]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, which: Which) -> Self:
        return type(self)(self.rows[which], self.scale[which], self.vectors[which])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return all pictures of several."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "scale", "vectors")))

    def to_bytes(self) -> list[bytes]:
        """Return each picture as safetensors."""
        from safetensors.numpy import save

        return [
            save({"rows": rows, "scale": scale, "vectors": vectors})
            for rows, scale, vectors in zip(self.rows, self.scale, self.vectors, strict=True)
        ]

    @classmethod
    def from_bytes(cls, blobs: Sequence[bytes]) -> Self:
        """Return pictures out of safetensors."""
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            read = [load(blob) for blob in blobs]
            return cls(*(np.stack([each[name] for each in read]) for name in ("rows", "scale", "vectors")))
        except (SafetensorError, KeyError, ValueError) as error:
            raise RerankerError(f"These are not picture tokens of one re-ranker: {error}.") from error


@dataclass(frozen=True, slots=True)
class WholePictures(Evidence):
    """Pictures for a re-ranker that reads their pixels anew with every text; reading the files costs as much.

    Args:
        images: RGB, no larger than the re-ranker makes use of.
    """

    images: tuple[Image.Image, ...]

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, which: Which) -> Self:
        return type(self)(tuple(self.images[row] for row in np.arange(len(self.images))[which]))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return all pictures of several."""
        return cls(tuple(image for part in parts for image in part.images))


@dataclass(frozen=True, slots=True)
class Captions(Evidence):
    """What is written about items, for a re-ranker that reads texts.

    Args:
        texts: Of each item, at least one.
    """

    texts: tuple[tuple[str, ...], ...]

    def __post_init__(self) -> None:
        """Refuse an item that nothing is written about."""
        if not all(self.texts):
            raise RerankerError(f"Nothing is written about item {self.texts.index(())}; leave it out.")

    def __len__(self) -> int:
        return len(self.texts)

    def __getitem__(self, which: Which) -> Self:
        return type(self)(tuple(self.texts[row] for row in np.arange(len(self.texts))[which]))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return all items of several."""
        return cls(tuple(texts for part in parts for texts in part.texts))
