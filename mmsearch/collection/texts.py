"""Reads texts that stand alone: a .txt, or the rows of a table."""

from collections.abc import Iterator
from pathlib import Path

from mmsearch.collection.captions import summarised
from mmsearch.collection.found import FileKind, Notes, TextItem
from mmsearch.collection.hashing import content_hash
from mmsearch.collection.limits import MAX_BODY
from mmsearch.collection.reasons import Reason
from mmsearch.collection.rows import NotesBuilder, image_of
from mmsearch.collection.sidecars import read_small
from mmsearch.collection.tables import OnBad, read_table
from mmsearch.collection.wording import clean_body, language_of
from mmsearch.errors import BadInput
from mmsearch.types import Text


def load_texts(base: Path, path: str, kind: FileKind, on_bad: OnBad | None = None) -> list[TextItem]:
    """Read the text items of one file, each text once.

    Args:
        base: The folder that the file lies in or below.
        path: The file, relative to `base`.
        kind: TEXT, the whole file is one text; or TABLE, every row holds at least one.
        on_bad: Is told "line 7: …" for the first rows that cannot be used, then how many more there are.

    Returns:
        None for an empty file. Bodies are cut at `limits.MAX_BODY` characters.

    Raises:
        SourceError: If the file cannot be read or is not text; the message is the reason alone.
        BadInput: If `kind` is PICTURE.
    """
    if kind is FileKind.PICTURE:
        raise BadInput(f"{base / path} is a picture: load_picture reads it.")
    items = _whole(base, path) if kind is FileKind.TEXT else _rows(base, path, on_bad or (lambda reason: None))
    return list({item.key: item for item in items}.values())


def _whole(base: Path, path: str) -> Iterator[TextItem]:
    # Four bytes hold any character of every encoding that is read.
    body = clean_body(read_small(base, path, limit=4 * MAX_BODY))
    if body:
        yield _item(body, None, Notes())


def _rows(base: Path, path: str, on_bad: OnBad) -> Iterator[TextItem]:
    problems: list[str] = []
    for number, _, fields in read_table(base, path, problems.append):
        if image_of(fields):
            problems.append(Reason.LINE_ABOUT_PICTURE.format(number))
            continue
        builder = NotesBuilder()
        builder.add_row(fields)
        notes = builder.build()
        texts = notes.texts or ((Text(notes.title),) if notes.title else ())
        if not texts:
            problems.append(Reason.LINE_WITHOUT_TEXT.format(number))
        for text in texts:
            yield _item(text.text, text.language, notes)
    for problem in summarised(problems):
        on_bad(problem)


def _item(body: str, language: str | None, notes: Notes) -> TextItem:
    """Return the item for a cleaned text."""
    key = content_hash(" ".join(body.split()).encode())
    text = Text(body, language or language_of(body), "body")
    return TextItem(key, text, notes.title, notes.extra)
