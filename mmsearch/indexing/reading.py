"""Reads one file of a source: its bytes, its items, and the picture to encode."""

from collections.abc import Callable, Container
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from mmsearch.collection import (
    Deadline,
    FileKind,
    FoundFile,
    PictureFacts,
    Reason,
    content_hash,
    inspect_picture,
    load_picture,
    load_texts,
    read_notes,
    read_picture_file,
)
from mmsearch.errors import BadPicture, SourceError
from mmsearch.store.records import Entry, FileRecord, KnownFile
from mmsearch.types import Modality, Skip

_PATIENCE = 3  # times `max_seconds`: for the file, for its pixels, and for what lies beside it


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What came of reading a file."""

    record: FileRecord
    image: Image.Image | None = None  # to be encoded for the record's only entry
    skips: tuple[Skip, ...] = ()  # sidecars and rows that could not be read


class FileReader:
    """Reads the files of one source. Safe to call from several threads; never raises for a bad file.

    Args:
        base: The folder that paths are relative to.
        side: Pixels that a picture's shorter side keeps, where it has them.
        max_pixels: Larger pictures are skipped.
        has_vector: Content hashes of pictures that need no encoding.
        max_seconds: Pictures that take longer to read, or to decode, are skipped; None for as long as it takes.
    """

    def __init__(
        self, base: Path, side: int, max_pixels: int, has_vector: Container[str], max_seconds: float | None = None
    ) -> None:
        self._base, self._side, self._max_pixels, self._has_vector = base, side, max_pixels, has_vector
        self._max_seconds = max_seconds
        self._readers: dict[FileKind, Callable[[FoundFile, KnownFile | None], ReadFile]] = {
            FileKind.PICTURE: self._read_picture,
            FileKind.TEXT: self._read_texts,
            FileKind.TABLE: self._read_texts,
        }

    def read(self, found: FoundFile, known: KnownFile | None) -> ReadFile:
        """Read a file; where that fails the record says why."""
        try:
            return self._readers[found.kind](found, known)
        except (BadPicture, SourceError) as error:
            return ReadFile(_record(found, known, reason=str(error)))
        except OSError as error:  # may pass: a share that is away, a file still being copied
            return _try_again(found, known, Reason.UNREADABLE.format(error.strerror or error))

    @property
    def patience(self) -> float | None:
        """Seconds after which a reading that has not come back is best given up; None for never."""
        return None if self._max_seconds is None else _PATIENCE * self._max_seconds

    def give_up(self, found: FoundFile, known: KnownFile | None) -> ReadFile:
        """Return what is to be recorded of a file whose reading has not come back."""
        return _try_again(found, known, Reason.SLOW.format(f"{self.patience:g}"))

    def _read_picture(self, found: FoundFile, known: KnownFile | None) -> ReadFile:
        data = read_picture_file(self._base / found.path, base=self._base, deadline=Deadline(self._max_seconds))
        key = content_hash(data)
        notes = read_notes(self._base, found)
        image, facts = self._look_at(data, known_key=key in self._has_vector)
        entry = Entry(
            kind=Modality.IMAGE,
            key=key,
            texts=(*notes.texts, *facts.texts),
            title=notes.title,
            credit=notes.credit,
            width=facts.width,
            height=facts.height,
            taken_at=facts.taken_at,
            extra=notes.extra,
        )
        return ReadFile(_record(found, known, key, (entry,)), image, notes.skips)

    def _look_at(self, data: bytes, *, known_key: bool) -> tuple[Image.Image | None, PictureFacts]:
        """Return a picture's pixels, unless its vector is known already, and what it says about itself."""
        if known_key:
            return None, inspect_picture(data, max_pixels=self._max_pixels, max_seconds=self._max_seconds)
        loaded = load_picture(data, side=self._side, max_pixels=self._max_pixels, max_seconds=self._max_seconds)
        return loaded.image, loaded

    def _read_texts(self, found: FoundFile, known: KnownFile | None) -> ReadFile:
        problems: list[str] = []
        items = load_texts(self._base, found.path, found.kind, problems.append)
        entries = tuple(
            Entry(kind=Modality.TEXT, key=item.key, texts=(item.text,), title=item.title, extra=item.extra)
            for item in items
        )
        together = content_hash("\n".join(entry.key for entry in entries).encode())
        skips = tuple(Skip(found.path, problem) for problem in problems)
        return ReadFile(_record(found, known, together, entries), skips=skips)


def _try_again(found: FoundFile, known: KnownFile | None, reason: str) -> ReadFile:
    """Return what is to be recorded of a file that failed for a reason that may pass."""
    return ReadFile(_record(found, known, reason=reason, attempts=known.attempts + 1 if known else 1))


def _record(
    found: FoundFile,
    known: KnownFile | None,
    content_hash: str | None = None,
    entries: tuple[Entry, ...] = (),
    reason: str | None = None,
    attempts: int = 0,
) -> FileRecord:
    return FileRecord(
        path=found.path,
        size=found.size,
        mtime_ns=found.mtime_ns,
        signature=found.signature,
        content_hash=content_hash,
        entries=entries,
        reason=reason,
        attempts=attempts,
        file_id=known.id if known else None,
    )
