"""Reads items and what still lacks a vector."""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from mmsearch.store.database import Database
from mmsearch.store.models import (
    CollectionRow,
    EmbeddingRow,
    FileItemRow,
    FileRow,
    ItemRow,
    SourceRow,
    TextRow,
)
from mmsearch.store.slices import slices
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Credit, Item, Modality, StoredText

# Columns, not rows as objects: hundreds of hits are looked up for every search.
ITEM = (
    ItemRow.id,
    CollectionRow.name.label("collection"),
    ItemRow.kind,
    ItemRow.key,
    ItemRow.title,
    ItemRow.credit,
    ItemRow.width,
    ItemRow.height,
    ItemRow.taken_at,
    ItemRow.extra,
)


class Reader:
    """Answers questions about what the store holds."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def items(self, item_ids: Sequence[int]) -> dict[int, Item]:
        """Return the items that are still there, by id."""
        result: dict[int, Item] = {}
        with self._database.reading() as session:
            for some in slices(item_ids):
                paths, texts = _paths(session, some), _texts(session, some)
                query = select(*ITEM).join(CollectionRow).where(ItemRow.id.in_(some))
                for row in session.execute(query):
                    result[row.id] = _item(row, paths.get(row.id), texts.get(row.id, ()))
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

    def holds_vectors(self, collection_id: int, encoder_id: int) -> bool:
        """Return whether an encoder made any vector of a collection."""
        with self._database.reading() as session:
            query = select(EmbeddingRow.owner_id).where(
                EmbeddingRow.collection_id == collection_id, EmbeddingRow.encoder_id == encoder_id
            )
            return session.scalar(query.limit(1)) is not None

    def of_collection(self, collection_id: int, offset: int, limit: int) -> tuple[Item, ...]:
        """Return a page of a collection's items, by id."""
        with self._database.reading() as session:
            query = select(ItemRow.id).where(ItemRow.collection_id == collection_id).order_by(ItemRow.id)
            ids = session.scalars(query.offset(offset).limit(limit)).all()
        found = self.items(ids)
        return tuple(found[item_id] for item_id in ids if item_id in found)

    def count_items(self, collection_id: int) -> int:
        """Return how many items a collection holds."""
        with self._database.reading() as session:
            return session.scalar(select(func.count()).where(ItemRow.collection_id == collection_id)) or 0

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
    columns = (TextRow.item_id, TextRow.text, TextRow.language, TextRow.kind, TextRow.id)
    query = select(*columns).where(TextRow.item_id.in_(item_ids)).order_by(TextRow.file_id, TextRow.position)
    for item_id, words, language, kind, text_id in session.execute(query):
        found[item_id].setdefault((words, language), StoredText(words, language, kind, text_id))
    return {item_id: tuple(texts.values()) for item_id, texts in found.items()}


def _item(row: Row[tuple[Any, ...]], path: Path | None, texts: tuple[StoredText, ...]) -> Item:
    """Build an item from a row of `ITEM`, as it is named there."""
    told = row._asdict()
    return Item(
        id=told["id"],
        collection=told["collection"],
        kind=Modality(told["kind"]),
        path=path,
        title=told["title"],
        texts=texts,
        credit=Credit(**told["credit"]) if told["credit"] else None,
        width=told["width"],
        height=told["height"],
        taken_at=told["taken_at"],
        content_hash=told["key"],
        extra=told["extra"],
    )
