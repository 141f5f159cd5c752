"""Text for people: made safe to print, and laid out in columns."""

import unicodedata
from collections.abc import Sequence

_JOINERS = "\u200c\u200d"  # parts of ordinary words and emoji, though their category is Cf
_UNSAFE = {"Cc", "Cf", "Cs", "Zl", "Zp"}  # control, invisible or reversing, half a pair, line breaks


def printable(text: str) -> str:
    r"""Return `text` on one line, with what could drive a terminal written as an escape.

    File names and captions come from anywhere: a newline would forge a result line, ESC would
    recolour or retitle the terminal, and U+202E would reverse what follows.

    >>> print(printable("a\nb\x1b[31m"))
    a\nb\x1b[31m
    """
    return "".join(_escape(char) if unicodedata.category(char) in _UNSAFE else char for char in text)


def _escape(char: str) -> str:
    """Return `char` as Python would write it in a string, joiners as they are."""
    return char if char in _JOINERS else char.encode("unicode_escape", "surrogatepass").decode("ascii")


def columns(rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> list[str]:
    """Return one line per row, its cells padded to equal width.

    Args:
        rows: Cells, the same number in each row.
        right: Numbers of the columns that are set flush right.
    """
    safe = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(_width, column)) for column in zip(*safe, strict=True)]
    return [
        "  ".join(
            _pad(cell, width, at in right) for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in safe
    ]


def _width(text: str) -> int:
    """Return how many terminal cells `text` takes; a Chinese character takes two."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _pad(cell: str, width: int, right: bool) -> str:
    gap = " " * (width - _width(cell))
    return gap + cell if right else cell + gap


def duration(seconds: float) -> str:
    """Return seconds as people say them: 0:07, 12:30 or 1:02:03."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
