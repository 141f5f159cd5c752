"""The contract of a re-ranker."""

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.rerankers.evidence import Evidence, PictureTokens
from mmsearch.rerankers.memory import in_batches
from mmsearch.types import Modality, Vectors


class Reranker(ABC):
    """Says how well a text and an item match, looking at both together.

    What it reads of an item, its picture or what is written about it, is kept as one kind of `Evidence`. Batching,
    checks and leaving a full GPU live here; an implementation does one batch.
    """

    name: str  # as the user asks for it
    fingerprint: str  # hex; changes whenever the scores would
    reads: Modality = Modality.IMAGE  # what it reads of an item
    keeps: type[Evidence] = PictureTokens  # as what
    tokens_as: str  # hex; changes whenever what it keeps of pictures would
    image_side: int  # pixels that it makes use of on a picture's shorter side
    pictures_at_once: int = 16
    pairs_at_once: int = 64
    notice: str | None = None  # what became of it while it ran, for the user: that it went on without the GPU

    def must_read(self, what: Modality) -> None:
        """Refuse a task that it is not made for.

        Raises:
            RerankerError: If it reads something else of an item.
        """
        if self.reads is not what:
            can, cannot = ("captions", "pictures") if self.reads is Modality.TEXT else ("pictures", "captions")
            raise RerankerError(
                f"The re-ranker {self.name} reads {can}, not {cannot}. Use one that reads {cannot}, such as bundled."
            )

    def prepare(self, images: Sequence[Image.Image]) -> Evidence:
        """Return what is to be kept of pictures of any mode and size, at least one.

        Raises:
            RerankerError: If it reads no pictures, or fails.
        """
        self.must_read(Modality.IMAGE)
        parts = in_batches(
            lambda rows: self._prepare([images[row] for row in rows]),
            range(len(images)),
            self.pictures_at_once,
            self._give_way,
        )
        return self.keeps.joined([part for _, part in parts])

    def look(self, images: Sequence[Image.Image]) -> tuple[Vectors, Evidence]:
        """Return the vectors of the encoder that it is built on, (n, dim), and what is to be kept, in one go.

        Raises:
            RerankerError: If it is built on no encoder, or fails.
        """
        raise RerankerError(f"The re-ranker {self.name} is not built on an encoder.")

    def score(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        """Return the log-odds that text i matches item i, (n,); equal texts are read once.

        Raises:
            RerankerError: If there are not as many texts as items, they were kept by another kind of re-ranker, or it
                fails.
        """
        if len(texts) != len(kept):
            raise RerankerError(f"{len(texts)} texts cannot be paired with {len(kept)} items.")
        return self._in_batches(texts, self.keeps.of(kept))

    def describe(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        """Return the log-odds that text i is the description of item i, (n,), to compare texts of any length.

        As `score`, but a phrase is no more probable for being true of many pictures.
        """
        return self.score(texts, kept)

    def _in_batches(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        """Do `score` batch by batch; texts of like length share one, so that padding costs little."""
        result = np.empty(len(texts), np.float32)
        order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), texts[row]))
        for rows, scores in in_batches(
            lambda rows: self._score([texts[row] for row in rows], kept[np.array(rows)]),
            order,
            self.pairs_at_once,
            self._give_way,
        ):
            result[list(rows)] = scores
        return result

    def nothing_below(self, text: str) -> float | None:
        """Return below which probability that any picture matches a text none is said to; None: not known."""
        return None

    def heat(self, texts: Sequence[str], picture: Evidence) -> NDArray[np.float32]:
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

    def _heat(self, texts: Sequence[str], picture: Evidence) -> NDArray[np.float32]:
        """Do `heat` for one batch."""
        raise RerankerError(f"The re-ranker {self.name} does not tell where it looks.")

    def _prepare(self, images: Sequence[Image.Image]) -> Evidence:
        """Do `prepare` for one batch; each that reads pictures implements it."""
        raise NotImplementedError

    @abstractmethod
    def _score(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
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
