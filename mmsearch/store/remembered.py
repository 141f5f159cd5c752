"""Answers that are kept until something is committed."""

from collections.abc import Callable
from threading import Lock
from typing import Generic, TypeVar

from sqlalchemy.orm import Session

from mmsearch.store.database import Database

T = TypeVar("T")


class Remembered(Generic[T]):
    """What a query answered, asked again after any commit of any process. Safe to use from several threads.

    Args:
        database: Where to ask.
        ask: Asks.
    """

    def __init__(self, database: Database, ask: Callable[[Session], T]) -> None:
        self._database, self._ask = database, ask
        self._lock = Lock()
        self._kept: tuple[int, T] | None = None  # the version of the database, and its answer

    def __call__(self) -> T:
        """Return the answer as it is now."""
        version = self._database.version()  # first: what is committed while asking makes us ask once more
        with self._lock:
            if self._kept is None or self._kept[0] != version:
                with self._database.reading() as session:
                    self._kept = (version, self._ask(session))
            return self._kept[1]
