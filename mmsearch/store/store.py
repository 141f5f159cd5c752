"""The store as the rest of mmsearch sees it."""

from pathlib import Path

from sqlalchemy import select

from mmsearch.store.catalogue import Catalogue
from mmsearch.store.database import BUSY_SECONDS, Database
from mmsearch.store.directory import Directory
from mmsearch.store.models import StoreInfo
from mmsearch.store.reading import Reader
from mmsearch.store.removal import Removal
from mmsearch.store.runs import RunHistory
from mmsearch.store.vectors import VectorLog


class Store:
    """What is indexed, in one database: `catalogue` writes it, `read` and `directory` read it.

    Safe to use from several threads and several processes; one of them writes at a time.

    Args:
        path: The database file; made if missing.
        busy_seconds: How long a writer waits for another one.

    Raises:
        StoreError: If the file cannot be opened, as `Database` says.
    """

    def __init__(self, path: Path, busy_seconds: float = BUSY_SECONDS) -> None:
        self._database = Database(path, busy_seconds)
        self.catalogue = Catalogue(self._database)
        self.directory = Directory(self._database)
        self.read = Reader(self._database)
        self.vectors = VectorLog(self._database)
        self.removal = Removal(self._database)
        self.runs = RunHistory(self._database)
        with self._database.reading() as session:
            self.uid = session.scalars(select(StoreInfo.value).where(StoreInfo.key == "uid")).one()

    def version(self) -> int:
        """Return a number that is another one after any commit, of any process; costs microseconds."""
        return self._database.version()

    def close(self) -> None:
        """Close all connections."""
        self._database.close()
