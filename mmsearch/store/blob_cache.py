"""Bytes that could be worked out anew, kept in a file of their own."""

import logging
import sqlite3
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from threading import Lock
from typing import TypeVar

from mmsearch.store.slices import slices

log = logging.getLogger(__name__)

T = TypeVar("T")

_SEEN_ANEW = 3600  # seconds after which a look counts as a new use: most searches need not write
_LEFT = 0.9  # share of the limit that is kept when it was reached
_BUSY_SECONDS = 5.0
_TABLE = """
CREATE TABLE IF NOT EXISTS blobs (
    kind TEXT NOT NULL, key TEXT NOT NULL, used INTEGER NOT NULL, sum BLOB NOT NULL, body BLOB NOT NULL,
    PRIMARY KEY (kind, key)
)
"""


class BlobCache:
    """Keeps bytes by kind and key, of limited size; those that were not used for longest go first.

    Safe to use from several threads and processes. It never fails: what is damaged or cannot be read is not there, and
    what cannot be written is not kept.

    Args:
        path: The file, memory-mapped while it is read; made when the first bytes come.
        limit: Bytes that it may take on disk, at least a page of the database.
    """

    def __init__(self, path: Path, limit: int) -> None:
        self.path, self.limit = path, limit
        self._lock = Lock()
        self._connection: sqlite3.Connection | None = None

    def get(self, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
        """Return what is kept under some keys."""
        if not self.path.exists():
            return {}
        return self._do(lambda connection: _found(connection, kind, keys), {})

    def put(self, kind: str, blobs: Mapping[str, bytes]) -> None:
        """Keep bytes; others go where there is no room."""
        now = int(time.time())
        rows = [(kind, key, now, _sum(body), body) for key, body in blobs.items()]

        def work(connection: sqlite3.Connection) -> None:
            with connection:
                connection.executemany("INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?)", rows)
            _make_room(connection, self.limit)

        if rows:
            self._do(work, None)

    def remove(self, keys: Sequence[str]) -> None:
        """Forget some keys, of every kind."""

        def work(connection: sqlite3.Connection) -> None:
            with connection:
                connection.executemany("DELETE FROM blobs WHERE key = ?", [(key,) for key in keys])
            connection.executescript("PRAGMA incremental_vacuum")  # `execute` would take a single step of it

        if keys and self.path.exists():
            self._do(work, None)

    def size(self) -> int:
        """Return the bytes on disk."""
        files = (self.path, Path(f"{self.path}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def close(self) -> None:
        """Close the file; it is opened again where the cache is used after all."""
        with self._lock:
            self._close()

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _do(self, work: Callable[[sqlite3.Connection], T], instead: T) -> T:
        """Return what `work` does, or something else where the file cannot be used; a damaged one is deleted."""
        with self._lock:
            try:
                self._connection = self._connection or _opened(self.path, self.limit)
                return work(self._connection)
            except (sqlite3.Error, OSError) as error:
                self._close()
                if isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError):
                    log.warning("The cache %s is damaged (%s) and begins anew.", self.path, error)
                    for suffix in ("", "-wal", "-shm"):
                        with suppress(OSError):
                            Path(f"{self.path}{suffix}").unlink(missing_ok=True)
                else:
                    log.warning("The cache %s cannot be used: %s.", self.path, error)
                return instead


def _opened(path: Path, limit: int) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, _BUSY_SECONDS, check_same_thread=False)
    connection.execute("PRAGMA page_size = 16384")
    connection.execute("PRAGMA auto_vacuum = INCREMENTAL")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = OFF")  # what a power cut damages is found by its sum
    connection.execute(f"PRAGMA mmap_size = {limit:d}")
    connection.execute(_TABLE)
    return connection


def _found(connection: sqlite3.Connection, kind: str, keys: Sequence[str]) -> dict[str, bytes]:
    now, found, old = int(time.time()), dict[str, bytes](), list[tuple[int, str, str]]()
    for part in slices(keys):
        marks = ", ".join("?" * len(part))
        query = f"SELECT key, used, sum, body FROM blobs WHERE kind = ? AND key IN ({marks})"  # noqa: S608 - marks
        for key, used, said, body in connection.execute(query, (kind, *part)):
            if _sum(body) == said:
                found[key] = body
                if now - used > _SEEN_ANEW:
                    old.append((now, kind, key))
    if old:
        with connection:
            connection.executemany("UPDATE blobs SET used = ? WHERE kind = ? AND key = ?", old)
    return found


def _make_room(connection: sqlite3.Connection, limit: int) -> None:
    """Delete what was not used for longest until a tenth of the limit is free."""
    page = int(connection.execute("PRAGMA page_size").fetchone()[0])
    if page * int(connection.execute("PRAGMA page_count").fetchone()[0]) <= limit:
        return
    with connection:
        rows = connection.execute("SELECT rowid, length(body) FROM blobs ORDER BY used DESC, rowid DESC").fetchall()
        kept, gone = 0, list[tuple[int]]()
        for row, length in rows:
            kept += page * (1 + length // page)
            if kept > _LEFT * limit:
                gone.append((row,))
        connection.executemany("DELETE FROM blobs WHERE rowid = ?", gone)
    connection.executescript("PRAGMA incremental_vacuum")  # `execute` would take a single step of it


def _sum(body: bytes) -> bytes:
    return blake2b(body, digest_size=8).digest()
