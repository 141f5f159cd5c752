"""Understands one row of a caption file, a table or a sidecar."""

import posixpath
import re
from collections.abc import Iterator

from mmsearch.collection.fields import CREDIT_FIELDS, IMAGE_FIELDS, TEXT_FIELDS, language_of_field
from mmsearch.collection.filetypes import PICTURES
from mmsearch.collection.found import Notes
from mmsearch.collection.limits import MAX_CAPTION, MAX_CAPTIONS, MAX_EXTRA_FIELDS, MAX_EXTRA_VALUE
from mmsearch.collection.tables import Fields
from mmsearch.collection.wording import as_text, clean_line
from mmsearch.types import Credit, Skip, Text

_ALWAYS = ("image", "file_name")  # name a picture whatever they hold; "path" and the like may be something else
_ABSOLUTE = re.compile("/|[A-Za-z]:")  # of a share or drive too: to ask whether it is there would call its server
_DEPTH = 4  # lists and objects within each other that are followed for captions


def image_of(fields: Fields) -> str | None:
    """Return the name of the picture that a row is about, as it is written there."""
    for name in IMAGE_FIELDS:
        value = fields.get(name)
        if isinstance(value, str) and (name in _ALWAYS or value.lower().endswith(PICTURES)):
            return value.strip() or None
    return None


def resolve(folder: str, name: str) -> str | None:
    """Return `name`, relative to `folder`, as a path in the source; None if it leads out of it."""
    if "\0" in name or "://" in name:
        return None
    for spelling in (name.replace("\\", "/"), name):  # as Windows would read it, and as everybody else does
        path = posixpath.normpath(posixpath.join(folder, spelling))
        if _ABSOLUTE.match(spelling) or path.startswith("../") or path in {"..", "."}:
            return None
    return path


class NotesBuilder:
    """Gathers what several rows and sidecars say about one picture; for title, credit and extra the first wins."""

    def __init__(self, name: str = "") -> None:
        self._name = name  # of the picture; a title that only repeats it says nothing
        self._texts: dict[str, Text] = {}
        self._title: str | None = None
        self._credit: dict[str, str] = {}
        self._extra: dict[str, str] = {}
        self._skips: list[Skip] = []

    def add_text(self, text: Text | None) -> None:
        """Add a text, unless it is there or there are enough."""
        if text is not None and len(self._texts) < MAX_CAPTIONS:
            self._texts.setdefault(text.text, text)

    def add_skip(self, skip: Skip) -> None:
        """Add a sidecar that could not be read."""
        self._skips.append(skip)

    def add_row(self, fields: Fields) -> None:
        """Add everything a row says."""
        for field, value in fields.items():
            self._add_field(field, field.strip().lower(), value)

    def build(self) -> Notes:
        """Return what was gathered."""
        credit = Credit(**self._credit) if self._credit else None
        return Notes(tuple(self._texts.values()), self._title, credit, dict(self._extra), tuple(self._skips))

    def _add_field(self, field: str, known: str, value: object) -> None:
        if known in IMAGE_FIELDS or value is None:
            return
        if known == "title":
            self._add_title(value)
        elif known in TEXT_FIELDS:
            self._add_texts(value, None, TEXT_FIELDS[known])
        elif known in CREDIT_FIELDS:
            self._add_credit(CREDIT_FIELDS[known], _scalars(value))
        elif language := language_of_field(known, value):
            self._add_texts(value, language, "caption")
        else:
            self._add_extra(field, value)

    def _add_title(self, value: object) -> None:
        title = next((text.text for text in texts_in(value, None, "caption")), None)
        if title and self._title is None and title.lower() != self._name.lower():
            self._title = title

    def _add_credit(self, part: str, words: str) -> None:
        if words:
            self._credit.setdefault(part, words)

    def _add_texts(self, value: object, language: str | None, kind: str) -> None:
        if kind == "keywords":
            self.add_text(as_text(_scalars(value), language, kind))
            return
        for text in texts_in(value, language, kind):
            self.add_text(text)

    def _add_extra(self, field: str, value: object) -> None:
        name, words = clean_line(field, MAX_EXTRA_VALUE), _scalars(value, MAX_EXTRA_VALUE)
        if name and words and len(self._extra) < MAX_EXTRA_FIELDS:
            self._extra.setdefault(name, words)


def texts_in(value: object, language: str | None, kind: str, depth: int = _DEPTH) -> Iterator[Text]:
    """Yield the texts in a string, a list, or an object by language such as {"en": […], "zh": "…"}."""
    if isinstance(value, str):
        text = as_text(value, language, kind)
        if text is not None:
            yield text
    elif isinstance(value, list) and depth:
        for part in value:
            yield from texts_in(part, language, kind, depth - 1)
    elif isinstance(value, dict) and depth:
        for name, part in value.items():
            spoken = language_of_field(name, part)
            if spoken or name in TEXT_FIELDS or name == "raw":
                yield from texts_in(part, spoken or language, kind, depth - 1)


def _scalars(value: object, limit: int = MAX_CAPTION) -> str:
    """Return a scalar, or a list of them with commas between, as cleaned words; objects say nothing."""
    parts = value if isinstance(value, list) else [value]
    return clean_line(", ".join(str(part) for part in parts if isinstance(part, str | int | float)), limit)
