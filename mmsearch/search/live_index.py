"""A vector index that follows the store."""

import logging
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock

from mmsearch.ann.base import VectorIndex
from mmsearch.ann.cache_file import IndexIdentity, read_index_file, write_index_file
from mmsearch.ann.faiss_index import FaissFlatIndex
from mmsearch.errors import VectorIndexError
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Ids, Scores, Vectors

log = logging.getLogger(__name__)


class LiveIndex:
    """One vector space of a store, searchable, caught up with the store before every search.

    So what another process indexes is found without a restart. The file it is kept in is a cache: where it is
    missing, damaged or another space's, the index is built from the store instead.

    Args:
        store: Holds the vectors.
        space: Which of them.
        fingerprint: Of the encoder that made them.
        path: The cache file.
        make: Builds an empty index of a given width.
    """

    def __init__(
        self,
        store: Store,
        space: VectorSpace,
        fingerprint: str,
        path: Path,
        make: Callable[[int], VectorIndex] = FaissFlatIndex,
    ) -> None:
        self._store, self._space, self._path = store, space, path
        self._lock, self._make = Lock(), make
        self._index = make(space.dim)
        self._identity = IndexIdentity(
            store=store.uid,
            collection=space.collection_id,
            encoder=fingerprint,
            modality=space.modality.value,
            kind=type(self._index).__name__,
            dim=space.dim,
        )
        self._position = 0  # the last change that the index contains
        self._saved = 0  # the last change that the file contains
        self._seen = -1  # the version of the store that it was last compared with
        self._load()

    def __len__(self) -> int:
        """Return how many vectors it holds, all changes included."""
        with self._lock:
            self._catch_up()
            return len(self._index)

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Scores, Ids]:
        """Return scores and owner ids, both (n_queries, k), as `VectorIndex.search` does."""
        with self._lock:
            self._catch_up()
            return self._index.search(queries, k, allowed)

    def save(self) -> None:
        """Write the cache file if it lags behind; where it cannot be written, the store still has everything.

        A space without vectors needs no file: one that was emptied loses it.
        """
        with self._lock:
            self._catch_up()
            if not len(self._index):
                with suppress(OSError):  # a file that stays is found out of date when it is next opened
                    self._path.unlink(missing_ok=True)
            if self._saved == self._position or not len(self._index):
                return
            try:
                write_index_file(self._path, self._identity, self._position, self._index.to_bytes())
            except VectorIndexError as error:
                log.warning("%s The index will be rebuilt at the next start.", error)
                return
            self._saved = self._position

    def _load(self) -> None:
        """Start from the cache file where it can be trusted, and from nothing otherwise."""
        if not self._path.exists():
            return
        try:
            position, payload = read_index_file(self._path, self._identity)
            self._index = type(self._index).from_bytes(payload)
        except VectorIndexError as error:
            log.warning("%s Rebuilding it from the metadata store.", error)
            return
        self._position = self._saved = position
        self._catch_up()

    def _catch_up(self) -> None:
        """Apply what the store logged since, or start again where that does not fit; the caller holds the lock."""
        version = self._store.version()
        if version == self._seen:
            return
        newest = self._store.vectors.position(self._space)
        if newest != self._position and (newest < self._position or not self._apply_since(self._position)):
            if newest:  # else all vectors were removed, and the log with them
                log.warning("The index %s does not fit the metadata store. Rebuilding it.", self._path)
            self._index = self._make(self._space.dim)
            self._apply_since(0)
        self._seen = version

    def _apply_since(self, position: int) -> bool:
        """Apply the changes after `position`; return whether index and store then hold equally many vectors."""
        news = self._store.vectors.since(self._space, position)
        self._index.remove(news.dropped)
        self._index.add(news.put_ids, news.put)
        self._position = news.position
        return len(self._index) == news.count
