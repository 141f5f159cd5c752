"""Value objects and array names that every layer shares. Imports nothing of ours."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Vectors: TypeAlias = NDArray[np.float32]  # (n, dim), rows of unit length
Vector: TypeAlias = NDArray[np.float32]  # (dim,)
Scores: TypeAlias = NDArray[np.float32]  # (n, k), higher is better; -inf marks "no result"
Ids: TypeAlias = NDArray[np.int64]  # (n,) or (n, k); -1 marks "no result"


class Modality(StrEnum):
    """What a vector was made from, and what a search may look for."""

    IMAGE = "image"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Text:
    """A text as a source states it: a caption, a description, or the body of a text item."""

    text: str
    language: str | None = None  # BCP 47, such as "en" or "zh"; None where the source does not say
    kind: str = "caption"  # caption, description, keywords or body


@dataclass(frozen=True, slots=True)
class StoredText(Text):
    """A text with the id under which the store and the vector index know it."""

    id: int = -1


@dataclass(frozen=True, slots=True)
class Credit:
    """Who made a picture and under which terms; each field as the source states it."""

    author: str | None = None
    licence: str | None = None
    licence_url: str | None = None
    source: str | None = None  # page or address of the original


@dataclass(frozen=True, slots=True)
class Item:
    """A picture or a text in a collection, with what is known about it."""

    id: int
    collection: str
    kind: Modality
    path: Path | None  # a file that holds it now; None if none is left
    title: str | None
    texts: tuple[StoredText, ...]
    credit: Credit | None
    width: int | None  # pixels, after EXIF rotation
    height: int | None
    taken_at: datetime | None  # local time of the camera
    content_hash: str
    extra: dict[str, str] = field(default_factory=dict)  # other fields of its caption file

    def title_in(self, language: str) -> str | None:
        """Return the title in a language (BCP 47, such as `zh`), else the one its source gives first."""
        return self.extra.get(f"title_{language}") or self.title


FIND = ("one", "all")  # what one may ask a second opinion for: the best match, or all that match


class Confidence(StrEnum):
    """How probable a match is, roughly."""

    HIGH = "high"
    MIDDLE = "middle"
    LOW = "low"


# Probabilities from which on a match is called so. They are low because what is asked is whether this very picture was
# meant: of photographs that a caption finds, the best one is meant in one case out of four.
HIGH, MIDDLE = 0.5, 0.2
MATCHES = 0.1  # from which on a hit matches, unless another one is asked for


@dataclass(frozen=True, slots=True)
class Hit:
    """One ranked result. A higher score is always better."""

    rank: int  # from 1
    score: float
    item: Item
    text: StoredText | None = None  # the text that matched; None if the picture itself did
    probability: float | None = None  # that it matches, by a re-ranker; None where none looked at it
    found_at: int | None = None  # its rank before a re-ranker changed the order

    @property
    def confidence(self) -> Confidence | None:
        """The probability, roughly; None where there is none."""
        if self.probability is None:
            return None
        if self.probability >= MIDDLE:
            return Confidence.HIGH if self.probability >= HIGH else Confidence.MIDDLE
        return Confidence.LOW


@dataclass(frozen=True, slots=True)
class Results:
    """The answer to one query, best hit first."""

    hits: tuple[Hit, ...]
    collection: str
    encoder: str
    measure: str  # what `score` is, such as "cosine"
    seconds: float  # to encode the query, find the hits and judge them; loading a model does not count
    reranker: str | None = None  # that judged hits
    judged: int = 0  # how many hits it judged: those that were found first
    matching: int | None = None  # how many of them match, where all that match are looked for
    nothing: bool = False  # whether it holds that nothing here matches; the hits are what comes closest
    notice: str | None = None  # for the user: why nothing more was judged, or how it had to go on

    def __iter__(self) -> Iterator[Hit]:
        return iter(self.hits)

    def __len__(self) -> int:
        return len(self.hits)


class MadeBy(StrEnum):
    """What a heat map was made of."""

    ATTENTION = "attention"  # where a re-ranker looked, times what that did to its answer
    PATCHES = "patches"  # how similar the parts of the picture are to the phrase, by the encoder


@dataclass(frozen=True, slots=True, eq=False)
class HeatMap:
    """How much each part of a picture speaks for a phrase."""

    grid: NDArray[np.float32]  # (rows, columns), from the upper left, 0 to 1; all 0 where nothing does
    made_by: MadeBy

    def peak(self) -> tuple[float, float]:
        """Return the middle of the part that speaks most, x and y in shares of the sides, from the upper left."""
        row, column = np.unravel_index(int(self.grid.argmax()), self.grid.shape)
        rows, columns = self.grid.shape
        return (float(column) + 0.5) / columns, (float(row) + 0.5) / rows

    def place(self) -> str:
        """Return in which of nine parts of the picture the peak lies: "upper left", "right", "centre", …."""
        x, y = self.peak()
        row, column = ("upper", "", "lower")[int(3 * y)], ("left", "", "right")[int(3 * x)]
        return f"{row} {column}".strip() or "centre"


@dataclass(frozen=True, slots=True)
class Reason:
    """A phrase of a text, and what there is of it in a picture."""

    text: str  # for what is excluded: the thing, without the word that excludes it
    kind: str  # thing, relation or excluded: that something is there, how two things stand, or what must not be there
    span: tuple[int, int] | None  # start and end in the text; None where the text says it in other words
    probability: float | None  # that the picture shows it, by the re-ranker; None where none looked
    cosine: float  # of its vector and the picture's, by the encoder
    heat: HeatMap | None  # None where neither re-ranker nor encoder can tell

    @property
    def excluded(self) -> bool:
        """Whether it must not be there."""
        return self.kind == "excluded"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a text and a picture were found together, phrase by phrase."""

    text: str
    phrases: tuple[Reason, ...]  # in the order of the text, relations behind things; at least one
    probability: float | None  # of the whole text, as a search with the re-ranker gives it
    encoder: str
    reranker: str | None = None  # None where none looked
    notice: str | None = None  # for the user: what could not be had, and why


@dataclass(frozen=True, slots=True)
class Curve:
    """How a fit by descent went, epoch by epoch."""

    loss: tuple[float, ...] = ()
    held_out: tuple[float, ...] = ()  # mean reciprocal rank among the training pairs held out; empty without any


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a long run stands."""

    phase: str  # scan, pictures, texts, or done
    done: int
    total: int
    skipped: int
    rate: float  # per second in this phase; 0 until known
    seconds_left: float | None  # of this phase; None until known
    curves: tuple[Curve, ...] = ()  # of a fit by descent, one after the other where it fits several times


@dataclass(frozen=True, slots=True)
class Skip:
    """A file that was not indexed, and why."""

    path: str  # relative to the source
    reason: str


EVERYTHING = "*"  # in place of a source: all that a collection holds


@dataclass(frozen=True, slots=True)
class RunReport:
    """What one indexing run did. Counts are files unless said otherwise."""

    run_id: int
    collection: str
    source: str  # a folder or file; EVERYTHING for a run of `build`
    encoder: str
    state: str  # done, cancelled or failed
    added: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    skips: tuple[Skip, ...]
    pictures_encoded: int  # vectors made of pictures
    texts_encoded: int  # vectors made of texts
    seconds: float


@dataclass(frozen=True, slots=True)
class CollectionInfo:
    """What a collection holds."""

    name: str
    sources: tuple[str, ...]
    pictures: int
    texts: int  # captions and text items
    vectors: dict[str, tuple[int, int]]  # encoder name -> (of pictures, of texts); "x (older)": x before an upgrade
    encoder: str  # name of the one that searches it


@dataclass(frozen=True, slots=True)
class Removed:
    """What a removal took away. The files that were indexed are never among it."""

    pictures: int
    texts: int  # captions and text items
    vectors: int
    bytes_freed: int  # on disk: database, index files and thumbnails
