"""What reading a folder gives. The value objects of this package."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from PIL import Image

from mmsearch.types import Credit, Skip, Text


class FileKind(StrEnum):
    """What a file holds."""

    PICTURE = "picture"
    TEXT = "text"  # a .txt: one text item
    TABLE = "table"  # a .jsonl or .csv of texts: many text items


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file to index, known by a stat alone.

    What caption files and sidecars say about a picture is not parsed here: hand new and
    changed pictures to `read_notes`. `rows` and `sidecars` are its material, private to this package.
    """

    path: str  # relative to ScanResult.base, with forward slashes
    size: int  # bytes
    mtime_ns: int
    kind: FileKind
    signature: str  # changes with the file's size or date, its sidecars' and its rows in caption files
    rows: tuple[str, ...] = ()  # JSON objects that caption files hold about it
    sidecars: tuple[str, ...] = ()  # paths of its name.txt, name.json, …, relative to ScanResult.base


@dataclass(frozen=True, slots=True)
class ScanResult:
    """Everything in a source, ordered by path, and what cannot be indexed."""

    base: Path  # the folder that all paths are relative to: the source, or the folder that a source file lies in
    files: tuple[FoundFile, ...]
    skips: tuple[Skip, ...]


@dataclass(frozen=True, slots=True)
class Notes:
    """What caption files and sidecars say about a picture."""

    texts: tuple[Text, ...] = ()
    title: str | None = None
    credit: Credit | None = None
    extra: dict[str, str] = field(default_factory=dict)  # "split" and other fields
    skips: tuple[Skip, ...] = ()  # sidecars that could not be read; the picture itself is fine


@dataclass(frozen=True, slots=True)
class PictureFacts:
    """What a picture file says about itself."""

    width: int  # pixels of the original, upright
    height: int
    taken_at: datetime | None  # local time of the camera
    texts: tuple[Text, ...]  # descriptions in its EXIF data


@dataclass(frozen=True, slots=True)
class LoadedPicture(PictureFacts):
    """A decoded picture, reduced but never below what was asked for."""

    image: Image.Image  # RGB, upright


@dataclass(frozen=True, slots=True)
class TextItem:
    """A text that stands alone."""

    key: str  # hash of the text, so that equal texts are one item
    text: Text
    title: str | None = None
    extra: dict[str, str] = field(default_factory=dict)
