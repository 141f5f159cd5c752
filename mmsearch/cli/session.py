"""How a command gets its engine."""

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from mmsearch.engine import Engine

INTERRUPTED = 130  # exit code: 128 + SIGINT, as shells report it

Opener: TypeAlias = "Callable[[], Engine]"  # the group's `obj`, so that a test can hand in another


def open_from_environment() -> "Engine":
    """Open the engine that the MMSEARCH_… settings describe."""
    from mmsearch import open_engine  # late: `mmsearch --help` must not load SQLAlchemy

    return open_engine()
