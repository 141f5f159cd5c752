"""What goes into the store and comes out of it, apart from items: plain values, no rows."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmsearch.types import Credit, Modality, Text


@dataclass(frozen=True, slots=True)
class Source:
    """A folder or file that a collection is made of."""

    id: int
    collection_id: int
    path: Path
    base: Path  # the folder that the paths of its files start from


@dataclass(frozen=True, slots=True)
class KnownFile:
    """What the store remembers of a file."""

    id: int
    path: str
    signature: str
    content_hash: str | None
    state: str  # done or skipped
    reason: str | None
    attempts: int


@dataclass(frozen=True, slots=True)
class Entry:
    """One item that a file holds."""

    kind: Modality
    key: str
    texts: tuple[Text, ...] = ()
    title: str | None = None
    credit: Credit | None = None
    width: int | None = None
    height: int | None = None
    taken_at: datetime | None = None
    extra: dict[str, str] = field(default_factory=dict)
    vector: NDArray[np.float32] | None = None  # (dim,) of the picture, where it was just encoded


@dataclass(frozen=True, slots=True)
class FileRecord:
    """What came of reading a file: its items, or the reason why it was skipped."""

    path: str
    size: int
    mtime_ns: int
    signature: str
    content_hash: str | None
    entries: tuple[Entry, ...] = ()
    reason: str | None = None  # set where it was skipped
    attempts: int = 0
    file_id: int | None = None  # the file it replaces, under this path or the one it was moved from
