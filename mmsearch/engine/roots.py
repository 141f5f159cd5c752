"""Which folders may be indexed."""

from collections.abc import Sequence
from pathlib import Path

from mmsearch.errors import SourceError


def allowed_source(source: Path | str, roots: Sequence[Path] | None) -> Path:
    """Return where a source really lies, links followed.

    Args:
        source: A folder or file, as the user names it.
        roots: What it must lie below, or be; None allows everything.

    Raises:
        SourceError: If it lies elsewhere.
    """
    try:
        path = Path(source).expanduser().resolve()
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, an unknown ~user, a NUL in the name
        raise SourceError(f"{source} is no folder or file that can be indexed: {error}") from error
    if roots is None or any(path.is_relative_to(root.resolve()) for root in roots):
        return path
    there = ", ".join(map(str, roots)) or "nothing"
    raise SourceError(f"{path} may not be indexed here: MMSEARCH_INDEX_ROOTS allows what lies below {there}.")
