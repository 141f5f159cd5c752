"""Finds and reads what lies beside a picture: name.txt, name.json."""

import json
import posixpath
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from mmsearch.collection.decoding import decode_text
from mmsearch.collection.filetypes import suffix_of
from mmsearch.collection.found import FoundFile, Notes
from mmsearch.collection.limits import MAX_SIDECAR_BYTES
from mmsearch.collection.opening import read_file
from mmsearch.collection.reasons import Reason
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
        try:
            builder.add_row(json.loads(row))
        except RecursionError as error:  # was read once, but from where the stack was not so deep
            builder.add_skip(Skip(found.path, Reason.NOT_JSON.format(error)))
    for sidecar in found.sidecars:
        try:
            _read_sidecar(base, sidecar, builder)
        except SourceError as error:
            builder.add_skip(Skip(sidecar, str(error)))
    return builder.build()


def _read_sidecar(base: Path, path: str, builder: NotesBuilder) -> None:
    text = read_small(base, path)
    if suffix_of(path) == ".txt":
        for line in text.splitlines():
            builder.add_text(as_text(line))
        return
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise SourceError(Reason.NOT_JSON.format(error)) from error
    for part in value if isinstance(value, list) else [value]:
        builder.add_row(part if isinstance(part, dict) else {"caption": part})


def read_small(base: Path, path: str, limit: int = MAX_SIDECAR_BYTES) -> str:
    """Return the characters in the first `limit` bytes of the file at `path` below `base`.

    Raises:
        SourceError: If it cannot be read, leads out of `base` or is not text.
    """
    try:
        data = read_file(base / path, limit + 1, base=base)
    except OSError as error:
        raise SourceError(Reason.UNREADABLE.format(error.strerror)) from error
    return decode_text(data[:limit], cut=len(data) > limit)
