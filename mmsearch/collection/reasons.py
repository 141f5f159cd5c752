"""Every reason for leaving out a file or a line, in one place, so that a page can say it in another language."""

import re
from enum import StrEnum


class Reason(StrEnum):
    """Templates of reasons; `Reason.SLOW.format(20)` fills one in. `{}` stands for any words."""

    # Pictures
    EMPTY = "is empty (0 bytes)"
    NO_PICTURE = "is not a picture that can be read (starts with {})"
    DAMAGED = "is damaged or cut short ({})"
    NO_PIXELS = "has no pixels ({} × {})"
    TOO_LARGE = "is too large ({} × {} pixels; at most {} in all are decoded)"
    TOO_HEAVY = "is larger than {} GB"
    SLOW = "took longer than {} s"
    CHANGED = "has changed since it was indexed; index it again"
    NOT_ENCODED = "cannot be encoded: {}"
    # Files and folders
    UNREADABLE = "cannot be read: {}"
    UNSEEN = "cannot be looked at: {}"
    UNLISTED = "the folder cannot be listed: {}"
    LEADS_OUT = "is a link that leads out of the folder; index its target instead"
    IRREGULAR = "is not a regular file"
    HEIC = "HEIC pictures are not supported yet; export it as JPEG"
    NAME_NOT_UTF8 = "its name is not valid UTF-8; rename it"
    # Caption files, sidecars and files of texts
    NUL_BYTES = "is not text: it holds NUL bytes"
    WRONG_MARK = "is not the {} that its first bytes promise: {}"
    NOT_JSON = "is not JSON ({})"
    NEITHER_LIST_NOR_OBJECT = "is neither a list nor an object"
    TABLE_TOO_LARGE = "is larger than {} MB; split it"
    MISSING_PICTURE = "names a picture that is not there: {}"
    MISSING_PICTURES = "names {} pictures that are not there, such as {}"
    MORE_LINES = "{} more lines like these"
    # Lines of them
    LINE_NOT_JSON = "line {}: is not JSON ({})"
    LINE_NOT_OBJECT = "line {}: is not a JSON object"
    LINE_NOT_CSV = "line {}: is not CSV ({})"
    LINE_TOO_LONG = "line {}: is longer than {} characters"
    LINE_NAMES_NO_PICTURE = "line {}: names no picture"
    LINE_LEADS_OUT = "line {}: {} leads out of the folder"
    LINE_ABOUT_PICTURE = "line {}: is about a picture; captions.jsonl is the name for a file of such lines"
    LINE_WITHOUT_TEXT = "line {}: holds no text, caption or title"


def parse_reason(text: str) -> tuple[Reason, tuple[str, ...]] | None:
    """Return the template of a reason and the words that fill it; None if it is none of them."""
    for reason, pattern in _PATTERNS.items():
        if found := pattern.fullmatch(text):
            return reason, found.groups()
    return None


def _pattern(reason: Reason) -> re.Pattern[str]:
    return re.compile("(.*?)".join(map(re.escape, reason.split("{}"))), re.DOTALL)


_PATTERNS = {reason: _pattern(reason) for reason in Reason}
