"""Reads caption files: one file that speaks of many pictures."""

import posixpath
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from mmsearch.collection.limits import MAX_BAD_LINES
from mmsearch.collection.reasons import Reason
from mmsearch.collection.rows import image_of, resolve
from mmsearch.collection.tables import read_table
from mmsearch.errors import SourceError
from mmsearch.types import Skip

_NAMES = frozenset({"captions.jsonl", "captions.json", "captions.csv", "metadata.jsonl", "metadata.csv"})


def is_caption_file(path: str) -> bool:
    """Whether the file at `path` is asked what it says about pictures: its name decides."""
    return posixpath.basename(path).lower() in _NAMES


@dataclass(slots=True)
class CaptionBook:
    """What the caption files of a source say, by picture."""

    rows: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))  # path -> JSON objects
    named_by: dict[str, str] = field(default_factory=dict)  # path of a picture -> of the first file that names it
    skips: list[Skip] = field(default_factory=list)
    tables: set[str] = field(default_factory=set)  # files that turned out to hold texts alone

    def read(self, base: Path, path: str) -> None:
        """Take in the caption file at `path`, relative to `base`."""
        problems: list[str] = []
        named = nameless = 0
        try:
            for number, source, fields in read_table(base, path, problems.append):
                image = image_of(fields)
                if image is None:
                    nameless += 1
                    problems.append(Reason.LINE_NAMES_NO_PICTURE.format(number))
                    continue
                named += 1
                if not self._add(path, image, source):
                    problems.append(Reason.LINE_LEADS_OUT.format(number, repr(image[:80])))
        except SourceError as error:
            problems.append(str(error))
        if nameless and not named:
            self.tables.add(path)  # bad lines are reported when it is read as such
            return
        self.skips.extend(Skip(path, reason) for reason in summarised(problems))

    def _add(self, path: str, image: str, source: str) -> bool:
        """Note a row about a picture; False if the name leads out of the source."""
        picture = resolve(posixpath.dirname(path), image)
        if picture is None:
            return False
        self.rows[picture].append(source)
        self.named_by.setdefault(picture, path)
        return True

    def rename(self, picture: str, path: str) -> None:
        """Let the rows about `picture` speak of `path`."""
        if path != picture:
            self.rows[path].extend(self.rows.pop(picture))

    def report_missing(self, missing: Iterable[str]) -> None:
        """Add one skip for every caption file that names pictures which are not there."""
        by_file: dict[str, list[str]] = defaultdict(list)
        for picture in missing:
            by_file[self.named_by[picture]].append(picture)
        for path, gone in by_file.items():
            example = repr(gone[0][:200])
            one, many = Reason.MISSING_PICTURE.format(example), Reason.MISSING_PICTURES.format(len(gone), example)
            self.skips.append(Skip(path, one if len(gone) == 1 else many))


def summarised(problems: list[str], limit: int = MAX_BAD_LINES) -> list[str]:
    """Return the first problems and the number of the others."""
    rest = len(problems) - limit
    return problems if rest <= 0 else [*problems[:limit], Reason.MORE_LINES.format(rest)]
