"""Which paths a user wants: glob patterns on paths relative to the source."""

import re
from collections.abc import Sequence

from mmsearch.errors import BadInput

_PIECE = re.compile(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|.", re.DOTALL)
_SPECIAL = re.compile(r"[\[\\&|~^]|(?<=-)-")  # would mean more within a set, or may one day
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


class PathFilter:
    """Says which paths are wanted.

    `*` and `?` stop at a slash, `**` does not, `[abc]` is one of these; case does not matter. A pattern
    takes in everything below a folder that it matches. One without a slash matches at any depth.

    Args:
        include: Take only what matches one of these; everything if there are none.
        exclude: Leave out what matches one of these; it wins over `include`.

    Raises:
        BadInput: If a pattern is blank or not one.
    """

    def __init__(self, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        self._include = [_compiled(pattern) for pattern in include]
        self._exclude = [_compiled(pattern) for pattern in exclude]

    def excludes(self, path: str) -> bool:
        """Whether `path`, a file or a folder, is to be left out with all below it."""
        return any(pattern.match(path) for pattern in self._exclude)

    def wants(self, path: str) -> bool:
        """Whether the file at `path` is to be taken."""
        included = not self._include or any(pattern.match(path) for pattern in self._include)
        return included and not self.excludes(path)


def _compiled(pattern: str) -> re.Pattern[str]:
    """Return the regular expression for a glob pattern."""
    core = pattern.strip().replace("\\", "/").removeprefix("./").rstrip("/")
    anchored = "/" in core
    core = core.removesuffix("/**").removeprefix("/")
    if not core:
        raise BadInput(f"The pattern {pattern!r} matches nothing in particular. Try 'holidays/**' or '*.png'.")
    body = "".join(_translated(piece) for piece in _PIECE.findall(core))
    try:
        return re.compile(("" if anchored else "(?:.*/)?") + body + r"(?:/.*)?\Z", re.IGNORECASE | re.DOTALL)
    except re.error as error:
        raise BadInput(f"The pattern {pattern!r} cannot be read: {error}.") from error


def _translated(piece: str) -> str:
    """Return the regular expression for one piece of a pattern."""
    if piece in _MEANING:
        return _MEANING[piece]
    if len(piece) > 1:  # a set such as [a-z] or [!0-9]
        negated = piece[1] == "!"
        members = _SPECIAL.sub(r"\\\g<0>", piece[2:-1] if negated else piece[1:-1])
        return f"[{'^' if negated else ''}{members}]"
    return re.escape(piece)
