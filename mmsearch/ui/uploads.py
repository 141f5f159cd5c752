"""Keeps pictures that visitors send, so that they can be indexed like any folder."""

import re
import secrets
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from mmsearch.collection.filetypes import PICTURES
from mmsearch.errors import BadInput

MAX_FILES = 500  # in one upload
MAX_BYTES = 1_000_000_000  # of one upload; Gradio limits each file
KINDS = frozenset({*PICTURES, ".txt", ".jsonl", ".csv"})  # pictures, and captions beside them
STEM_KEPT = 80  # characters of a name

_UNSAFE = re.compile(r"[^\w\- ]+")  # of Unicode's letters and digits, \w keeps all


@dataclass(frozen=True, slots=True)
class Sent:
    """A file that a visitor sent."""

    path: Path  # where it arrived
    name: str  # what the visitor calls it


def keep(sent: Sequence[Sent], arrivals: Path, folder: Path) -> Path:
    """Move files into a new folder of their own within `folder`, under safe names; return `folder`.

    A picture and its captions keep the same stem, so that they still belong together.

    Args:
        sent: What came.
        arrivals: The folder that files of visitors arrive in; nothing outside it is touched.
        folder: Where the uploads of one collection lie.

    Raises:
        BadInput: If there is nothing, too much, a file of another kind, or one that no visitor sent.
    """
    _check(sent, arrivals.resolve())
    target = folder / f"{date.today():%Y-%m-%d}-{secrets.token_hex(4)}"
    target.mkdir(parents=True)
    taken: set[str] = set()
    for one in sent:
        shutil.move(one.path, target / _free_name(safe_name(one.name), taken))
    return folder


def arrived(picture: Mapping[str, Any] | None, arrivals: Path) -> str | None:
    """Return the path of a picture that a visitor sent; another file of the server is none.

    Args:
        picture: As the page names what was uploaded, by its `path`.
        arrivals: The folder that files of visitors arrive in.

    Raises:
        BadInput: If no visitor sent it.
    """
    if not picture:
        return None
    path = Path(str(picture.get("path", ""))).resolve()
    if not path.is_relative_to(arrivals.resolve()) or not path.is_file():
        raise BadInput("The picture did not arrive, or was kept too long. Choose it again.")
    return str(path)


def safe_name(name: str) -> str:
    """Return a file name without anything that a path, a shell or a page could stumble over."""
    plain = PurePosixPath(name.replace("\\", "/"))
    stem = _UNSAFE.sub("_", plain.stem).strip(" ._")[:STEM_KEPT].rstrip()
    return (stem or "picture") + plain.suffix.lower()


def _check(sent: Sequence[Sent], arrivals: Path) -> None:
    if not sent:
        raise BadInput("No file was sent. Choose some pictures first.")
    if len(sent) > MAX_FILES:
        raise BadInput(f"{len(sent)} files were sent; at most {MAX_FILES} are taken at once. Send the rest after them.")
    total = 0
    for one in sent:
        if not one.path.resolve().is_relative_to(arrivals) or not one.path.is_file():
            raise BadInput(f"{one.name!r} did not arrive. Send it again.")
        if PurePosixPath(one.name).suffix.lower() not in KINDS:
            raise BadInput(
                f"{one.name!r} is neither a picture nor captions. These are taken: {' '.join(sorted(KINDS))}"
            )
        total += one.path.stat().st_size
    if total > MAX_BYTES:
        raise BadInput(f"{total / 1e9:.1f} GB were sent; at most {MAX_BYTES / 1e9:.0f} GB is taken at once.")


def _free_name(name: str, taken: set[str]) -> str:
    """Return a name that was not used yet, on file systems that ignore case too."""
    path, number = PurePosixPath(name), 1
    while name.lower() in taken:
        number += 1
        name = f"{path.stem}-{number}{path.suffix}"
    taken.add(name.lower())
    return name
