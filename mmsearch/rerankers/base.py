"""The contract of a re-ranker."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.rerankers.memory import in_batches

Which = slice | NDArray[np.int64] | NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class PictureTokens:
    """What a re-ranker keeps of pictures, small enough to store.

    Args:
        rows: (n, T, W) int8.
        scale: (n, T, 1) float16; the tokens are rows times scale.
        vectors: (n, dim) float16, the encoder's unit vectors; dim is 0 where the re-ranker does not look at them.
    """

    rows: NDArray[np.int8]
    scale: NDArray[np.float16]
    vectors: NDArray[np.float16]

    def __len__(self) -> int:
        """Return the number of pictures."""
        return len(self.rows)

    def __getitem__(self, which: Which) -> "PictureTokens":
        """Return some of the pictures, in the order asked for."""
        return PictureTokens(self.rows[which], self.scale[which], self.vectors[which])

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """Return all pictures of several, at least one."""
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("rows", "scale", "vectors")))

    def to_bytes(self) -> list[bytes]:
        """Return each picture in a form of its own to be stored."""
        from safetensors.numpy import save

        return [
            save({"rows": rows, "scale": scale, "vectors": vectors})
            for rows, scale, vectors in zip(self.rows, self.scale, self.vectors, strict=True)
        ]

    @classmethod
    def from_bytes(cls, blobs: Sequence[bytes]) -> Self:
        """Return the pictures that `to_bytes` of the same re-ranker stored, at least one.

        Raises:
            RerankerError: If they are something else.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load

        try:
            read = [load(blob) for blob in blobs]
            return cls(*(np.stack([each[name] for each in read]) for name in ("rows", "scale", "vectors")))
        except (SafetensorError, KeyError, ValueError) as error:
            raise RerankerError(f"These are not picture tokens of one re-ranker: {error}.") from error


class Reranker(ABC):
    """Says how well a text and a picture match, looking at both together."""

    name: str  # as the user asks for it
    fingerprint: str  # hex; changes whenever the scores would
    tokens_as: str  # hex; changes whenever what it keeps of pictures would
    image_side: int  # pixels that it makes use of on a picture's shorter side
    pictures_at_once: int = 16
    pairs_at_once: int = 64
    notice: str | None = None  # what became of it while it ran, for the user: that it went on without the GPU

    def prepare(self, images: Sequence[Image.Image]) -> PictureTokens:
        """Return what is to be kept of pictures of any mode and size, at least one.

        Raises:
            RerankerError: If it fails.
        """
        parts = in_batches(
            lambda rows: self._prepare([images[row] for row in rows]),
            range(len(images)),
            self.pictures_at_once,
            self._give_way,
        )
        return PictureTokens.joined([part for _, part in parts])

    def score(self, texts: Sequence[str], pictures: PictureTokens) -> NDArray[np.float32]:
        """Return the log-odds that text i matches picture i, (n,); equal texts are read once.

        Raises:
            RerankerError: If there are not as many texts as pictures, or it fails.
        """
        if len(texts) != len(pictures):
            raise RerankerError(f"{len(texts)} texts cannot be paired with {len(pictures)} pictures.")
        result = np.empty(len(texts), np.float32)
        order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), texts[row]))  # like lengths share a batch
        for rows, scores in in_batches(
            lambda rows: self._score([texts[row] for row in rows], pictures[np.array(rows)]),
            order,
            self.pairs_at_once,
            self._give_way,
        ):
            result[list(rows)] = scores
        return result

    def heat(self, texts: Sequence[str], picture: PictureTokens) -> NDArray[np.float32]:
        """Return how much each part of one picture speaks for each text, (n, rows, columns), 0 or more.

        Raises:
            RerankerError: If it fails, or is of a kind that cannot tell.
        """
        maps = in_batches(
            lambda rows: self._heat([texts[row] for row in rows], picture),
            range(len(texts)),
            self.pairs_at_once,
            self._give_way,
        )
        return np.concatenate([each for _, each in maps])

    def _heat(self, texts: Sequence[str], picture: PictureTokens) -> NDArray[np.float32]:
        """Do `heat` for one batch."""
        raise RerankerError(f"The re-ranker {self.name} does not tell where it looks.")

    @abstractmethod
    def _prepare(self, images: Sequence[Image.Image]) -> PictureTokens:
        """Do `prepare` for one batch."""

    @abstractmethod
    def _score(self, texts: Sequence[str], pictures: PictureTokens) -> NDArray[np.float32]:
        """Do `score` for one batch."""

    @abstractmethod
    def _to_cpu(self) -> bool:
        """Go on without the GPU; return False if it was not on one."""

    def _give_way(self) -> bool:
        """Leave the GPU, whose memory does not hold a single row; return whether that helps."""
        if not self._to_cpu():
            return False
        self.notice = f"The GPU has too little memory for the re-ranker {self.name}; it goes on without it, slower."
        return True
