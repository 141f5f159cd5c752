"""The database behind the store: connections, transactions, migrations, and errors in our own words."""

import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock

from filelock import FileLock
from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import Session

from mmsearch.errors import StoreBusy, StoreError, StoreReadOnly, StoreTooNew

HEAD = "0002"  # the newest migration; a test holds it to the scripts
KNOWN = frozenset({"0001", "0002"})  # every migration that this version understands
BUSY_SECONDS = 20.0  # how long a writer waits for another one
CONNECTIONS = 64  # open at most, and kept open; who needs one more waits


class Database:
    """One SQLite file in WAL mode: one process writes while others read.

    Args:
        path: The file; it and its folder are made if missing.
        busy_seconds: How long to wait for another process before giving up.

    Raises:
        StoreTooNew: If a newer version wrote the file; it is left as it is.
        StoreReadOnly: If the file cannot be written to.
        StoreBusy: If another process holds the file too long.
        StoreError: If it is not a database of ours.
    """

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreReadOnly(f"Cannot make the folder {path.parent} for the metadata store: {error}.") from error
        self._engine = create_engine(
            f"sqlite:///{path}", connect_args={"timeout": busy_seconds}, pool_size=CONNECTIONS, max_overflow=0
        )
        event.listen(self._engine, "connect", _prepare)
        event.listen(self._engine, "begin", _begin)
        self._writer = self._engine.execution_options(writes=True)
        self._busy_seconds, self._watching = busy_seconds, Lock()
        self._watch: sqlite3.Connection | None = None
        with self._in_our_words():
            self._migrate()

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """Give a session that sees one state of the database throughout."""
        with self._in_our_words(), Session(self._engine) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """Give a session that is committed on success and rolled back on error."""
        with self._in_our_words(), Session(self._writer) as session, session.begin():
            yield session

    def version(self) -> int:
        """Return a number that is another one after any commit, of any process; costs microseconds."""
        with self._in_our_words(), self._watching:
            if self._watch is None:
                self._watch = sqlite3.connect(
                    self.path, self._busy_seconds, check_same_thread=False, isolation_level=None
                )
            return int(self._watch.execute("PRAGMA data_version").fetchone()[0])

    def size(self) -> int:
        """Return how many bytes the database takes on disk, its log of late emptied into it where nobody reads."""
        with self._raw() as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        files = (self.path, Path(f"{self.path}-wal"))
        return sum(file.stat().st_size for file in files if file.exists())

    def compact(self) -> None:
        """Give the space of what was deleted back to the disk; others may read meanwhile, not write.

        Raises:
            StoreBusy: If another process writes too long; what was deleted stays so, and its space is used again.
        """
        with self._raw() as connection:
            connection.execute("VACUUM")

    def close(self) -> None:
        """Close all connections."""
        with self._watching:
            if self._watch is not None:
                self._watch.close()
                self._watch = None  # opened again where the store is used after all, as SQLAlchemy's are
        self._engine.dispose()

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        """Give a connection of its own, outside of any transaction."""
        connect = sqlite3.connect(self.path, self._busy_seconds, isolation_level=None)
        with self._in_our_words(), closing(connect) as connection:
            yield connection

    def _migrate(self) -> None:
        """Bring the tables to the newest version; return at once where they are."""
        with self._engine.connect() as connection:
            found = _version(connection)
        if found == HEAD:
            return
        if found is not None and found not in KNOWN:
            raise StoreTooNew(
                f"{self.path} was written by a newer mmsearch (tables {found!r}, this version knows {HEAD!r}). "
                "Upgrade mmsearch, or set MMSEARCH_HOME to another folder. Nothing was changed."
            )
        with FileLock(f"{self.path}.migrating", timeout=60), self._writer.begin() as connection:
            if _version(connection) != HEAD:  # another process may have been faster
                _upgrade(connection)

    @contextmanager
    def _in_our_words(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise _translated(self.path, str(error.orig)) from error
        except sqlite3.Error as error:  # of a connection that SQLAlchemy does not know of
            raise _translated(self.path, str(error)) from error
        except SQLAlchemyError as error:
            raise StoreError(f"Metadata store {self.path}: {error}") from error


def _prepare(connection: sqlite3.Connection, _record: object) -> None:
    """Set up a new connection."""
    connection.isolation_level = None  # we begin transactions ourselves
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = NORMAL")  # safe against a killed process; a power cut may lose the last batch
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Take the write lock at the start: a reader that turns writer could not wait for another writer."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _version(connection: Connection) -> str | None:
    """Return the migration that the tables are at; None for an empty database."""
    tables = inspect(connection).get_table_names()
    if "alembic_version" in tables:
        return str(connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one())
    if tables:
        raise StoreError(f"{connection.engine.url.database} is a database, but not one of mmsearch's.")
    return None


def _upgrade(connection: Connection) -> None:
    """Run the migrations that are missing, and give a new database its id."""
    from alembic import command  # imported late: needed once in the life of a database
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    config.attributes["connection"] = connection
    command.upgrade(config, HEAD)
    connection.execute(
        text("INSERT OR IGNORE INTO store_info (key, value) VALUES ('uid', :uid)"), {"uid": uuid.uuid4().hex}
    )


def _translated(path: Path, reason: str) -> StoreError:
    """Say in our own words what the driver reports."""
    if "locked" in reason or "busy" in reason:
        return StoreBusy(
            f"The metadata store {path} is held by another process. Wait for it to finish, then try again."
        )
    if "readonly" in reason or "read-only" in reason or "unable to open" in reason:
        return StoreReadOnly(
            f"The metadata store {path} cannot be written to ({reason}). Check its permissions, "
            "or set MMSEARCH_HOME to a folder that you may write to."
        )
    if "not a database" in reason or "malformed" in reason:
        return StoreError(
            f"{path} is damaged or not a metadata store ({reason}). Move it away and index your folders again; "
            "your pictures are not touched."
        )
    return StoreError(f"Metadata store {path}: {reason}")
