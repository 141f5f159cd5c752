"""Keeps two runs from changing one collection at the same time, in whatever process they are."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mmsearch.errors import StoreBusy
from mmsearch.store import Store


@contextmanager
def alone(store: Store, locks: Path, name: str) -> Iterator[int]:
    """Give the id of a collection that nothing else changes until the block ends; searching goes on.

    Args:
        store: Knows the collection.
        locks: Folder of the lock files; made if missing.
        name: Of the collection.

    Raises:
        UnknownName: If there is no such collection.
        StoreBusy: If another run is at it.
    """
    collection_id = store.directory.collection_id(name)
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"collection-{collection_id}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise StoreBusy(
            f"The collection {name!r} is being indexed already. Wait for that run to end, or cancel it."
        ) from None
    try:
        if store.directory.collection_id(name) != collection_id:  # removed and made anew before we had the lock
            raise StoreBusy(f"The collection {name!r} was removed just now. Try again.")
        yield collection_id
    finally:
        lock.release()
