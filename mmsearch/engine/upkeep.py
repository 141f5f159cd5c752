"""Removes what is wanted no more, and gives its space back."""

import logging
from collections.abc import Callable, Iterable
from pathlib import Path

from mmsearch.engine.choosing import Choices
from mmsearch.engine.judging import Judges
from mmsearch.engine.spaces import Spaces, full_name
from mmsearch.engine.thumbnails import Thumbnails
from mmsearch.errors import BadInput, StoreBusy, UnknownName
from mmsearch.indexing import alone
from mmsearch.store import Store
from mmsearch.types import Removed

log = logging.getLogger(__name__)


class Upkeep:
    """Removes collections, sources and encoders' vectors; searching goes on. Files that were indexed stay.

    Args:
        store: Loses the rows.
        spaces: Loses the indexes.
        choices: Knows which encoder is in use.
        thumbnails: Loses those that nothing needs any more.
        judges: Forget what they kept of pictures that nothing needs any more.
        locks: Folder of the lock files.
    """

    def __init__(
        self, store: Store, spaces: Spaces, choices: Choices, thumbnails: Thumbnails, judges: Judges, locks: Path
    ) -> None:
        self._store, self._spaces, self._choices = store, spaces, choices
        self._thumbnails, self._judges, self._locks = thumbnails, judges, locks

    def remove_encoder(self, collection: str, encoder: str) -> Removed:
        """Drop what an encoder made of a collection."""

        def work(collection_id: int) -> None:
            encoder_id = self._made_here(collection_id, encoder)
            if encoder == self._choices.name(collection):
                raise BadInput(
                    f"The collection {collection!r} is searched by encoder {encoder!r}. Let another one search it "
                    f"first: mmsearch encoders use NAME --collection {collection}"
                )
            self._store.removal.drop_encoder(collection_id, encoder_id)
            self._spaces.drop(collection_id, encoder_id)

        return self._measured(collection, work)

    def remove_source(self, collection: str, source: Path | str) -> Removed:
        """Forget a source of a collection and what only it held."""

        def work(collection_id: int) -> None:
            known = {str(each.path) for each in self._store.catalogue.sources(collection_id)}
            path = str(source) if str(source) in known else str(Path(source).expanduser().resolve())
            self._store.removal.drop_source(collection_id, path)

        return self._measured(collection, work)

    def remove_collection(self, name: str) -> Removed:
        """Delete a collection."""

        def work(collection_id: int) -> None:
            self._store.removal.drop_collection(collection_id)
            self._spaces.drop(collection_id)

        return self._measured(name, work)

    def _made_here(self, collection_id: int, encoder: str) -> int:
        """Return the id of the encoder of that label among those that made vectors of a collection."""
        labels = self._store.directory.encoder_labels(self._spaces.fingerprints())
        here = {label: each for each, label in labels.items() if self._store.read.holds_vectors(collection_id, each)}
        for label in (encoder, full_name(encoder)):
            if label in here:
                return here[label]
        raise UnknownName("encoder with vectors of this collection", encoder, here)

    def _measured(self, collection: str, work: Callable[[int], None]) -> Removed:
        """Remove something while nothing else changes the collection, and count what is gone."""
        with alone(self._store, self._locks, collection) as collection_id:
            files = self._spaces.files(collection_id)
            before, keys = self._store.removal.stock(collection_id), self._store.removal.picture_keys(collection_id)
            size = self._store.removal.size() + _bytes(files)
            work(collection_id)
            after = self._store.removal.stock(collection_id)
            self._spaces.save()
            gone = keys - self._store.removal.picture_keys(collection_id)
            lost = gone - self._store.removal.held(list(gone))
            self._judges.forget(list(lost))
            freed = self._thumbnails.remove(lost)
            self._compact()
            freed += size - self._store.removal.size() - _bytes(files)
        return Removed(
            before.pictures - after.pictures,
            before.texts - after.texts,
            before.vectors - after.vectors,
            max(0, freed),
        )

    def _compact(self) -> None:
        """Give free space back to the disk, where nobody else writes."""
        try:
            self._store.removal.compact()
        except StoreBusy as error:
            log.warning("%s What was removed is gone; its space is used for what comes next.", error)


def _bytes(files: Iterable[Path]) -> int:
    return sum(file.stat().st_size for file in files if file.exists())
