"""Reads items and what still lacks a vector."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from mmsearch.errors import UnknownName
from mmsearch.store.database import Database
from mmsearch.store.models import (
    CollectionRow,
    EmbeddingRow,
    EncoderRow,
    FileItemRow,
    FileRow,
    ItemRow,
    SourceRow,
    TextRow,
)
from mmsearch.store.slices import slices
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import CollectionInfo, Credit, Item, Modality, StoredText


class Reader:
    """Answers questions about what the store holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def collection_id(self, name: str) -> int:
        """Return the id of a collection.

        Raises:
            UnknownName: If there is none of that name.
        """
        known = self._ids()
        if name not in known:
            raise UnknownName("collection", name, known)
        return known[name]

    def names(self) -> tuple[str, ...]:
        """Return the names of all collections, empty ones too."""
        return tuple(self._ids())

    def holds_items(self, name: str) -> bool:
        """Return whether there is a collection of that name with anything in it."""
        with self._database.reading() as session:
            query = select(ItemRow.id).join(CollectionRow).where(CollectionRow.name == name).limit(1)
            return session.scalar(query) is not None

    def collections(self) -> tuple[CollectionInfo, ...]:
        """Return what each collection holds, by name."""
        with self._database.reading() as session:
            rows = session.execute(select(CollectionRow.id, CollectionRow.name).order_by(CollectionRow.name)).all()
            return tuple(_describe(session, row.id, row.name) for row in rows)

    def items(self, item_ids: Sequence[int]) -> dict[int, Item]:
        """Return the items that are still there, by id."""
        result: dict[int, Item] = {}
        with self._database.reading() as session:
            for some in slices(item_ids):
                paths, texts = _paths(session, some), _texts(session, some)
                query = select(ItemRow, CollectionRow.name).join(CollectionRow).where(ItemRow.id.in_(some))
                for row, collection in session.execute(query):
                    result[row.id] = _item(row, collection, paths.get(row.id), texts.get(row.id, ()))
        return result

    def owners(self, text_ids: Sequence[int]) -> dict[int, int]:
        """Return the item that each text speaks of; texts that are gone are left out."""
        with self._database.reading() as session:
            return {
                row.id: row.item_id
                for some in slices(text_ids)
                for row in session.execute(select(TextRow.id, TextRow.item_id).where(TextRow.id.in_(some)))
            }

    def labels(self, text_ids: Sequence[int]) -> dict[int, tuple[str, str | None]]:
        """Return the kind and, as far as its source states it, the language of each text."""
        columns = (TextRow.id, TextRow.kind, TextRow.language)
        with self._database.reading() as session:
            return {
                row.id: (row.kind, row.language)
                for some in slices(text_ids)
                for row in session.execute(select(*columns).where(TextRow.id.in_(some)))
            }

    def holds_any(self, space: VectorSpace) -> bool:
        """Return whether the collection has anything that a vector of this space could be made of."""
        with self._database.reading() as session:
            mine = select(ItemRow.id).where(ItemRow.collection_id == space.collection_id)
            if space.modality is Modality.IMAGE:
                return bool(session.scalar(mine.where(ItemRow.kind == Modality.IMAGE.value).limit(1)))
            return bool(session.scalar(mine.join(TextRow, TextRow.item_id == ItemRow.id).limit(1)))

    def pictures_without_vector(self, space: VectorSpace) -> list[int]:
        """Return the ids of the pictures that this encoder has not seen."""
        with self._database.reading() as session:
            query = select(ItemRow.id).where(
                ItemRow.collection_id == space.collection_id,
                ItemRow.kind == Modality.IMAGE.value,
                ~_has_vector(space, ItemRow.id),
            )
            return list(session.scalars(query.order_by(ItemRow.id)))

    def texts_without_vector(self, space: VectorSpace) -> list[tuple[int, str]]:
        """Return the ids and words of the texts that this encoder has not read."""
        with self._database.reading() as session:
            query: Select[int, str] = (
                select(TextRow.id, TextRow.text)
                .join(ItemRow, ItemRow.id == TextRow.item_id)
                .where(ItemRow.collection_id == space.collection_id, ~_has_vector(space, TextRow.id))
                .order_by(TextRow.id)
            )
            return [(row.id, row.text) for row in session.execute(query)]

    def _ids(self) -> dict[str, int]:
        """Return the ids of all collections by their names."""
        with self._database.reading() as session:
            rows = session.execute(select(CollectionRow.name, CollectionRow.id).order_by(CollectionRow.name))
            return {row.name: row.id for row in rows}


def _has_vector(space: VectorSpace, owner: InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return exists().where(
        and_(
            EmbeddingRow.encoder_id == space.encoder_id,
            EmbeddingRow.modality == space.modality.value,
            EmbeddingRow.owner_id == owner,
        )
    )


def _paths(session: Session, item_ids: Sequence[int]) -> dict[int, Path]:
    """Return one file of each item: the first by name."""
    query = (
        select(FileItemRow.item_id, SourceRow.base, FileRow.path)
        .join(FileRow, FileRow.id == FileItemRow.file_id)
        .join(SourceRow, SourceRow.id == FileRow.source_id)
        .where(FileItemRow.item_id.in_(item_ids))
        .order_by(FileRow.path.desc())
    )
    return {row.item_id: Path(row.base) / row.path for row in session.execute(query)}


def _texts(session: Session, item_ids: Sequence[int]) -> dict[int, tuple[StoredText, ...]]:
    """Return the texts of each item in the order of their source; what two files state alike counts once."""
    found: dict[int, dict[tuple[str, str | None], StoredText]] = defaultdict(dict)
    query = select(TextRow).where(TextRow.item_id.in_(item_ids)).order_by(TextRow.file_id, TextRow.position)
    for row in session.scalars(query):
        text = StoredText(row.text, row.language, row.kind, row.id)
        found[row.item_id].setdefault((row.text, row.language), text)
    return {item_id: tuple(texts.values()) for item_id, texts in found.items()}


def _item(row: ItemRow, collection: str, path: Path | None, texts: tuple[StoredText, ...]) -> Item:
    return Item(
        id=row.id,
        collection=collection,
        kind=Modality(row.kind),
        path=path,
        title=row.title,
        texts=texts,
        credit=Credit(**row.credit) if row.credit else None,
        width=row.width,
        height=row.height,
        taken_at=row.taken_at,
        content_hash=row.key,
        extra=row.extra,
    )


def _describe(session: Session, collection_id: int, name: str) -> CollectionInfo:
    """Count what a collection holds."""
    sources = session.scalars(select(SourceRow.path).where(SourceRow.collection_id == collection_id)).all()
    pictures = session.scalar(
        select(func.count()).where(ItemRow.collection_id == collection_id, ItemRow.kind == Modality.IMAGE.value)
    )
    texts = session.scalar(
        select(func.count()).select_from(TextRow).join(ItemRow).where(ItemRow.collection_id == collection_id)
    )
    counts = session.execute(
        select(EncoderRow.name, EmbeddingRow.modality, func.count())
        .join(EncoderRow)
        .where(EmbeddingRow.collection_id == collection_id)
        .group_by(EncoderRow.id, EmbeddingRow.modality)
        .order_by(EncoderRow.id)
    )
    vectors: dict[str, tuple[int, int]] = {}
    for encoder, modality, count in counts:
        of_pictures, of_texts = vectors.get(encoder, (0, 0))
        vectors[encoder] = (count, of_texts) if modality == Modality.IMAGE.value else (of_pictures, count)
    return CollectionInfo(name, tuple(sources), pictures or 0, texts or 0, vectors)
