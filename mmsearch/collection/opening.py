"""Opens the files of a source, and nothing else."""

import os
from collections.abc import Callable
from pathlib import Path
from stat import S_ISREG

from mmsearch.collection.deadline import Deadline
from mmsearch.collection.reasons import Reason
from mmsearch.errors import SourceError

_CHUNK = 16 << 20  # bytes between two looks at the clock; most files are one chunk and are copied nowhere
# Not all systems have all of them. Without waiting: a FIFO put in a file's place would hold up the open for ever.
_FLAGS = sum(getattr(os, name, 0) for name in ("O_RDONLY", "O_BINARY", "O_CLOEXEC", "O_NOFOLLOW", "O_NONBLOCK"))


def lies_in(base: str | Path, path: str | Path) -> bool:
    """Whether what `path` leads to lies below the folder `base`, links followed."""
    real = os.path.realpath(base)
    return os.path.commonpath([real, os.path.realpath(path)]) == real


def read_file(
    path: Path,
    limit: int,
    *,
    base: Path | None = None,
    deadline: Deadline | None = None,
    look: Callable[[bytes], object] | None = None,
) -> bytes:
    """Return the first bytes of a regular file.

    What a scan saw may be something else by now, so that everything is asked again of what is really opened.

    Args:
        path: The file.
        limit: Bytes at most.
        base: Refuse what lies elsewhere than below this folder, links followed.
        deadline: When to give up.
        look: Called with the beginning of the file; it may raise before the rest is read.

    Raises:
        OSError: If it cannot be read.
        SourceError: If it is no regular file, or leads out of `base`.
        BadPicture: If it takes too long.
    """
    real = os.path.realpath(path)
    handle = os.open(real, _FLAGS)
    with os.fdopen(handle, "rb", buffering=0) as file:
        # A folder above it may have become a link between the two lines before.
        if base is not None and not (lies_in(base, real) and os.path.realpath(real) == real):
            raise SourceError(Reason.LEADS_OUT)
        if not S_ISREG(os.fstat(handle).st_mode):
            raise SourceError(Reason.IRREGULAR)
        return _read(file.read, limit, deadline or Deadline(), look or (lambda start: None))


def _read(
    read: Callable[[int], bytes | None], limit: int, deadline: Deadline, look: Callable[[bytes], object]
) -> bytes:
    """Read up to `limit` bytes, looking at the clock between chunks."""
    chunks: list[bytes] = []
    left = limit
    while left > 0 and (chunk := read(min(_CHUNK, left))):
        deadline.check()
        if not chunks:
            look(chunk)
        chunks.append(chunk)
        left -= len(chunk)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)
