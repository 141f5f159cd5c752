"""Finds and reads what lies beside a picture: name.txt, name.json."""

import json
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from mmsearch.collection.decoding import decode_text
from mmsearch.collection.found import FoundFile, Notes
from mmsearch.collection.limits import MAX_SIDECAR_BYTES
from mmsearch.collection.rows import NotesBuilder
from mmsearch.collection.wording import as_text
from mmsearch.errors import SourceError
from mmsearch.types import Skip

T = TypeVar("T")
# Google Takeout writes IMG_1.jpg.json or IMG_1.jpg.supplemental-metadata.json.
_SUFFIXES = (".txt", ".json", ".supplemental-metadata.json")


def sidecars_of(picture: str, siblings: Mapping[str, T]) -> list[T]:
    """Return those of `siblings`, by name in lower case, that describe the picture of this name."""
    names = (picture.lower(), posixpath.splitext(picture.lower())[0])
    found = (siblings.get(name + suffix) for suffix in _SUFFIXES for name in names)
    return [sibling for sibling in found if sibling is not None]


def read_notes(base: Path, found: FoundFile) -> Notes:
    """Return what caption files and sidecars say about a picture.

    Reads its sidecars, so call it for new and changed pictures only: an unchanged
    `FoundFile.signature` means unchanged notes.

    Args:
        base: `ScanResult.base` of the scan that found it.
        found: The picture.

    Returns:
        Never fails: sidecars that cannot be read are in `Notes.skips`.
    """
    builder = NotesBuilder(posixpath.basename(found.path))
    for row in found.rows:
        builder.add_row(json.loads(row))
    for sidecar in found.sidecars:
        try:
            _read_sidecar(base / sidecar, builder)
        except SourceError as error:
            builder.add_skip(Skip(sidecar, str(error)))
    return builder.build()


def _read_sidecar(path: Path, builder: NotesBuilder) -> None:
    text = read_small(path)
    if path.suffix.lower() == ".txt":
        for line in text.splitlines():
            builder.add_text(as_text(line))
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(f"is not JSON ({error})") from error
    for part in value if isinstance(value, list) else [value]:
        builder.add_row(part if isinstance(part, dict) else {"caption": part})


def read_small(path: Path, limit: int = MAX_SIDECAR_BYTES) -> str:
    """Return the characters in the first `limit` bytes of a file.

    Raises:
        SourceError: If it cannot be read or is not text.
    """
    try:
        with path.open("rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise SourceError(f"cannot be read: {error.strerror}") from error
    return decode_text(data[:limit], cut=len(data) > limit)
