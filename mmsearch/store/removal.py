"""Removes what is wanted no more: a collection, one of its sources, or what one encoder made of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from mmsearch.errors import UnknownName
from mmsearch.store.catalogue import drop_orphans, forget_files
from mmsearch.store.database import Database
from mmsearch.store.models import (
    ChangeRow,
    CollectionRow,
    EmbeddingRow,
    FileItemRow,
    FileRow,
    ItemRow,
    RunRow,
    SourceRow,
    TextRow,
)
from mmsearch.store.slices import slices
from mmsearch.types import Modality


@dataclass(frozen=True, slots=True)
class Stock:
    """How much a collection holds."""

    pictures: int
    texts: int
    vectors: int


class Removal:
    """Deletes rows, each call in one transaction. The files that were indexed are not touched."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def stock(self, collection_id: int) -> Stock:
        """Count what a collection holds; of one that is gone, nothing."""
        items = select(func.count()).where(ItemRow.collection_id == collection_id)
        texts = select(func.count()).select_from(TextRow).join(ItemRow).where(ItemRow.collection_id == collection_id)
        vectors = select(func.count()).where(EmbeddingRow.collection_id == collection_id)
        with self._database.reading() as session:
            pictures = session.scalar(items.where(ItemRow.kind == Modality.IMAGE.value))
            return Stock(pictures or 0, session.scalar(texts) or 0, session.scalar(vectors) or 0)

    def picture_keys(self, collection_id: int) -> set[str]:
        """Return the content hashes of a collection's pictures."""
        query = select(ItemRow.key).where(ItemRow.collection_id == collection_id, ItemRow.kind == Modality.IMAGE.value)
        with self._database.reading() as session:
            return set(session.scalars(query))

    def held(self, keys: Sequence[str]) -> set[str]:
        """Return those among these content hashes that a collection still has a picture of."""
        with self._database.reading() as session:
            return {
                key
                for some in slices(keys)
                for key in session.scalars(select(ItemRow.key).where(ItemRow.key.in_(some)))
            }

    def drop_encoder(self, collection_id: int, encoder_id: int) -> None:
        """Delete the vectors that an encoder made of a collection, and their log.

        An index that is open elsewhere sees that its place in the log is gone and starts anew.
        """
        with self._database.writing() as session:
            for table in (EmbeddingRow, ChangeRow):
                session.execute(
                    delete(table).where(table.collection_id == collection_id, table.encoder_id == encoder_id)
                )

    def drop_source(self, collection_id: int, path: str) -> None:
        """Forget a source, its files, and the items that no other source holds.

        Raises:
            UnknownName: If the collection has no such source.
        """
        with self._database.writing() as session:
            known = select(SourceRow.path, SourceRow.id).where(SourceRow.collection_id == collection_id)
            sources = {row.path: row.id for row in session.execute(known)}
            if path not in sources:
                raise UnknownName("source", path, sources)
            files = select(FileRow.id).where(FileRow.source_id == sources[path])
            forget_files(session, session.scalars(files).all())
            session.execute(delete(SourceRow).where(SourceRow.id == sources[path]))
            drop_orphans(session, collection_id)

    def drop_collection(self, collection_id: int) -> None:
        """Delete a collection with all that belongs to it, its history too."""
        with self._database.writing() as session:
            for table in (EmbeddingRow, ChangeRow, RunRow):
                session.execute(delete(table).where(table.collection_id == collection_id))
            _drop_rows(session, collection_id)
            session.execute(delete(CollectionRow).where(CollectionRow.id == collection_id))

    def compact(self) -> None:
        """Shorten the log to the last change of each vector, and give free space back to the disk.

        Raises:
            StoreBusy: If another process writes too long.
        """
        last = select(func.max(ChangeRow.seq)).group_by(
            ChangeRow.collection_id, ChangeRow.encoder_id, ChangeRow.modality, ChangeRow.owner_id
        )
        with self._database.writing() as session:
            session.execute(delete(ChangeRow).where(ChangeRow.seq.not_in(last)))
        self._database.compact()

    def size(self) -> int:
        """Return how many bytes the database takes on disk."""
        return self._database.size()


def _drop_rows(session: Session, collection_id: int) -> None:
    """Delete texts, items, files and sources of a collection, those that refer to others first."""
    sources = select(SourceRow.id).where(SourceRow.collection_id == collection_id)
    files = select(FileRow.id).where(FileRow.source_id.in_(sources))
    session.execute(delete(TextRow).where(TextRow.file_id.in_(files)))
    session.execute(delete(FileItemRow).where(FileItemRow.file_id.in_(files)))
    session.execute(delete(FileRow).where(FileRow.source_id.in_(sources)))
    session.execute(delete(SourceRow).where(SourceRow.collection_id == collection_id))
    session.execute(delete(ItemRow).where(ItemRow.collection_id == collection_id))
