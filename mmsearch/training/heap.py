"""How glibc manages memory while something is trained on a CPU; elsewhere nothing is changed."""

import ctypes
import sys

_MMAP_THRESHOLD, _TRIM_THRESHOLD = -3, -1  # names of glibc's settings, see mallopt(3)


def _libc() -> ctypes.CDLL | None:
    libc = ctypes.CDLL(None) if sys.platform == "linux" else None
    return libc if hasattr(libc, "mallopt") else None  # not in musl


def keep_freed_memory() -> None:
    """Tell glibc to use large blocks again instead of giving them back; a step takes a third less time."""
    if libc := _libc():
        libc.mallopt(_MMAP_THRESHOLD, 1 << 30)
        libc.mallopt(_TRIM_THRESHOLD, 1 << 30)


def give_gaps_back() -> None:
    """Give back what lies unused between what is kept: batches that are remembered part freed blocks more and more."""
    if libc := _libc():
        libc.malloc_trim(0)
