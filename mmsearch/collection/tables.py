"""Reads the rows of .jsonl, .json and .csv files, whatever they are about."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

from mmsearch.collection.decoding import decode_text
from mmsearch.collection.fields import KNOWN_FIELDS, language_of_field
from mmsearch.collection.filetypes import suffix_of
from mmsearch.collection.limits import MAX_LINE, MAX_TABLE_BYTES
from mmsearch.collection.opening import read_file
from mmsearch.collection.reasons import Reason
from mmsearch.errors import SourceError

Fields: TypeAlias = dict[str, object]  # a row by column, as JSON has it
OnBad: TypeAlias = Callable[[str], None]  # is told "line 7: …" for each row left out

_DELIMITERS = (",", ";", "\t", "|")  # the first wins a tie
_JSON_ERRORS = (ValueError, RecursionError)  # among them numbers of more digits than Python reads


def read_table(base: Path, path: str, on_bad: OnBad) -> Iterator[tuple[int, str, Fields]]:
    """Yield line number (from 1), JSON text and fields of every row; JSON text and fields say the same.

    Raises:
        SourceError: If the file at `path` below `base` cannot be read, leads out, is too large or is not text.
    """
    text = _contents(base, path)
    if suffix_of(path) == ".csv":
        return _csv_rows(text, on_bad)
    return _json_rows(text) if suffix_of(path) == ".json" else _jsonl_rows(text, on_bad)


def _contents(base: Path, path: str) -> str:
    """Return the characters of a file of bounded size."""
    try:
        data = read_file(base / path, MAX_TABLE_BYTES + 1, base=base)
    except OSError as error:
        raise SourceError(Reason.UNREADABLE.format(error.strerror)) from error
    if len(data) > MAX_TABLE_BYTES:
        raise SourceError(Reason.TABLE_TOO_LARGE.format(MAX_TABLE_BYTES >> 20))
    return decode_text(data)


def _jsonl_rows(text: str, on_bad: OnBad) -> Iterator[tuple[int, str, Fields]]:
    # str.splitlines would also break at U+2028, which JSON allows inside a string.
    for number, line in enumerate(text.split("\n"), 1):
        source = line.strip()
        if not source:
            continue
        if len(source) > MAX_LINE:
            on_bad(Reason.LINE_TOO_LONG.format(number, f"{MAX_LINE:,}"))
            continue
        try:
            fields = json.loads(source)
        except _JSON_ERRORS as error:
            on_bad(Reason.LINE_NOT_JSON.format(number, error))
            continue
        if isinstance(fields, dict):
            yield number, source, fields
        else:
            on_bad(Reason.LINE_NOT_OBJECT.format(number))


def _json_rows(text: str) -> Iterator[tuple[int, str, Fields]]:
    """Rows of a list of objects, or of an object that maps picture names to captions or objects."""
    try:
        value = json.loads(text)
    except _JSON_ERRORS as error:
        raise SourceError(Reason.NOT_JSON.format(error)) from error
    if isinstance(value, dict):
        value = [
            {**about, "image": name} if isinstance(about, dict) else {"image": name, "caption": about}
            for name, about in value.items()
        ]
    if not isinstance(value, list):
        raise SourceError(Reason.NEITHER_LIST_NOR_OBJECT)
    for number, fields in enumerate(value, 1):
        if isinstance(fields, dict):
            yield number, _as_json(fields), fields


def _as_json(fields: Fields) -> str:
    try:
        return json.dumps(fields, ensure_ascii=False)
    except _JSON_ERRORS as error:  # deeper than it can be written, though it could be read
        raise SourceError(Reason.NOT_JSON.format(error)) from error


def _csv_rows(text: str, on_bad: OnBad) -> Iterator[tuple[int, str, Fields]]:
    columns: list[str] = []
    for number, cells in _cells(text, on_bad):
        if not columns:
            columns, is_heading = _columns(cells)
            if is_heading:
                continue
        fields: Fields = {name: cell for name, cell in zip(columns, cells, strict=False) if name and cell.strip()}
        if fields:
            yield number, json.dumps(fields, ensure_ascii=False), fields


def _cells(text: str, on_bad: OnBad) -> Iterator[tuple[int, list[str]]]:
    """Yield line number and cells of the rows that hold anything, going on after a bad one."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            on_bad(Reason.LINE_NOT_CSV.format(reader.line_num, error))
            continue
        if any(cell.strip() for cell in cells):
            yield reader.line_num, cells


def _delimiter(text: str) -> str:
    """Return which of the usual delimiters the first line holds most often."""
    first = text.lstrip().split("\n", 1)[0]
    return max(_DELIMITERS, key=first.count)


def _columns(first: list[str]) -> tuple[list[str], bool]:
    """Return the columns' names, and whether the first row holds them.

    Several columns without a known name: the first row is the heading, the first column the text.
    A single one: it holds texts from the first row on.
    """
    names = [cell.strip() for cell in first]
    if any(name.lower() in KNOWN_FIELDS or language_of_field(name, "") for name in names):
        return names, True
    return (["text", *names[1:]], True) if len(names) > 1 else (["text"], False)
