"""Writes collections, sources, files and their items. Reading items is `reading.py`."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import numpy as np
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from mmsearch.store.database import Database
from mmsearch.store.models import CollectionRow, EmbeddingRow, FileItemRow, FileRow, ItemRow, SourceRow, TextRow
from mmsearch.store.records import Entry, FileRecord, KnownFile, Source
from mmsearch.store.slices import slices
from mmsearch.store.texts import drop_texts, save_texts
from mmsearch.store.vectors import VectorSpace, drop_vectors, put_vectors
from mmsearch.types import Modality


class Catalogue:
    """Keeps the store in step with the files that were read. Each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_collection(self, name: str) -> int:
        """Return the id of the collection called `name`, making it if there is none."""
        with self._database.writing() as session:
            found = session.scalar(select(CollectionRow.id).where(CollectionRow.name == name))
            if found is not None:
                return found
            row = CollectionRow(name=name)
            session.add(row)
            session.flush()
            return row.id

    def open_source(
        self, collection_id: int, path: Path, base: Path, include: Sequence[str], exclude: Sequence[str]
    ) -> Source:
        """Return the source at `path`, making it if needed; its patterns become those given."""
        with self._database.writing() as session:
            row = session.scalar(
                select(SourceRow).where(SourceRow.collection_id == collection_id, SourceRow.path == str(path))
            )
            if row is None:
                row = SourceRow(collection_id=collection_id, path=str(path), base=str(base))
                session.add(row)
            row.include, row.exclude = list(include), list(exclude)
            session.flush()
            return Source(row.id, collection_id, path, base)

    def sources(self, collection_id: int) -> tuple[Source, ...]:
        """Return the sources of a collection."""
        columns = (SourceRow.id, SourceRow.collection_id, SourceRow.path, SourceRow.base)
        with self._database.reading() as session:
            rows = session.execute(select(*columns).where(SourceRow.collection_id == collection_id))
            return tuple(Source(row.id, row.collection_id, Path(row.path), Path(row.base)) for row in rows)

    def drop_source_if_empty(self, source: Source) -> None:
        """Forget a source that no file is left of."""
        with self._database.writing() as session:
            if session.scalar(select(FileRow.id).where(FileRow.source_id == source.id).limit(1)) is None:
                session.execute(delete(SourceRow).where(SourceRow.id == source.id))

    def files(self, source: Source) -> dict[str, KnownFile]:
        """Return what is remembered of each file of a source, by its path."""
        columns = (
            FileRow.id,
            FileRow.path,
            FileRow.signature,
            FileRow.content_hash,
            FileRow.state,
            FileRow.reason,
            FileRow.attempts,
        )
        with self._database.reading() as session:
            rows = session.execute(select(*columns).where(FileRow.source_id == source.id))
            return {row.path: KnownFile(*row) for row in rows}

    def known_pictures(self, space: VectorSpace) -> set[str]:
        """Return the keys of the pictures in the collection that have a vector in this space."""
        with self._database.reading() as session:
            return set(
                session.scalars(
                    select(ItemRow.key)
                    .join(EmbeddingRow, EmbeddingRow.owner_id == ItemRow.id)
                    .where(
                        ItemRow.collection_id == space.collection_id,
                        ItemRow.kind == Modality.IMAGE.value,
                        EmbeddingRow.encoder_id == space.encoder_id,
                        EmbeddingRow.modality == Modality.IMAGE.value,
                    )
                )
            )

    def record(self, source: Source, space: VectorSpace, records: Sequence[FileRecord]) -> None:
        """Save what came of reading some files, with the vectors of their pictures, all or nothing."""
        with self._database.writing() as session:
            file_ids = [_save_file(session, source, record) for record in records]
            items = _save_items(session, source.collection_id, [e for record in records for e in record.entries])
            _link(session, file_ids, records, items)
            save_texts(session, file_ids, records, items)
            fresh = {items[e.kind, e.key]: e.vector for r in records for e in r.entries if e.vector is not None}
            if fresh:
                put_vectors(session, space, list(fresh), np.stack(list(fresh.values())))

    def remove_files(self, file_ids: Sequence[int]) -> None:
        """Forget files that are gone; their items stay until `drop_orphans`."""
        with self._database.writing() as session:
            forget_files(session, file_ids)

    def drop_orphans(self, collection_id: int) -> int:
        """Delete the items that no file holds any more, with their vectors; return how many."""
        with self._database.writing() as session:
            return drop_orphans(session, collection_id)

    def choose_encoder(self, collection_id: int, encoder: str) -> None:
        """Remember the name of the encoder that is to search a collection."""
        with self._database.writing() as session:
            session.execute(update(CollectionRow).where(CollectionRow.id == collection_id).values(encoder=encoder))


def forget_files(session: Session, file_ids: Sequence[int]) -> None:
    """Delete files with their texts, within the caller's transaction."""
    for some in slices(file_ids):
        drop_texts(session, session.scalars(select(TextRow.id).where(TextRow.file_id.in_(some))).all())
        session.execute(delete(FileItemRow).where(FileItemRow.file_id.in_(some)))
        session.execute(delete(FileRow).where(FileRow.id.in_(some)))


def drop_orphans(session: Session, collection_id: int) -> int:
    """Delete the items that no file holds, within the caller's transaction; return how many."""
    orphans = session.scalars(
        select(ItemRow.id)
        .outerjoin(FileItemRow, FileItemRow.item_id == ItemRow.id)
        .where(ItemRow.collection_id == collection_id, FileItemRow.file_id.is_(None))
    ).all()
    drop_vectors(session, Modality.IMAGE, orphans)
    for some in slices(orphans):
        session.execute(delete(ItemRow).where(ItemRow.id.in_(some)))
    return len(orphans)


def _save_file(session: Session, source: Source, record: FileRecord) -> int:
    """Write a file's row, under a new path where it was moved; return its id."""
    row = session.get(FileRow, record.file_id) if record.file_id is not None else None
    if row is None:  # new, or forgotten by another process meanwhile
        row = session.scalar(select(FileRow).where(FileRow.source_id == source.id, FileRow.path == record.path))
    if row is None:
        row = FileRow()
        session.add(row)
    row.source_id = source.id  # another one's, if a whole folder was moved
    row.path, row.size, row.mtime_ns = record.path, record.size, record.mtime_ns
    row.signature, row.content_hash = record.signature, record.content_hash
    row.state, row.reason = ("done", None) if record.reason is None else ("skipped", record.reason)
    row.attempts = record.attempts
    session.flush()
    return row.id


def _save_items(session: Session, collection_id: int, entries: Sequence[Entry]) -> dict[tuple[Modality, str], int]:
    """Write the items of some files; return their ids by kind and key."""
    wanted = {(entry.kind, entry.key): entry for entry in entries}
    rows: dict[tuple[Modality, str], ItemRow] = {}
    for some in slices([key for _, key in wanted]):
        query = select(ItemRow).where(ItemRow.collection_id == collection_id, ItemRow.key.in_(some))
        rows |= {(Modality(row.kind), row.key): row for row in session.scalars(query)}
    for identity, entry in wanted.items():
        if identity not in rows:
            rows[identity] = ItemRow(collection_id=collection_id, kind=entry.kind.value, key=entry.key)
            session.add(rows[identity])
        _describe(rows[identity], entry)
    session.flush()
    return {identity: rows[identity].id for identity in wanted}


def _describe(row: ItemRow, entry: Entry) -> None:
    """Write what a file says about an item; what it was not read for stays as it was."""
    row.title, row.extra = entry.title, entry.extra
    row.credit = asdict(entry.credit) if entry.credit else None
    if entry.width is not None:
        row.width, row.height, row.taken_at = entry.width, entry.height, entry.taken_at


def _link(
    session: Session,
    file_ids: Sequence[int],
    records: Sequence[FileRecord],
    items: dict[tuple[Modality, str], int],
) -> None:
    """Make `file_items` say exactly what these files hold."""
    held: dict[int, set[int]] = {file_id: set() for file_id in file_ids}
    links = select(FileItemRow.file_id, FileItemRow.item_id)
    for some in slices(file_ids):
        for file_id, item_id in session.execute(links.where(FileItemRow.file_id.in_(some))):
            held[file_id].add(item_id)
    for file_id, record in zip(file_ids, records, strict=True):
        wanted = {items[entry.kind, entry.key] for entry in record.entries}
        gone = held[file_id] - wanted
        if gone:
            session.execute(delete(FileItemRow).where(FileItemRow.file_id == file_id, FileItemRow.item_id.in_(gone)))
        session.add_all(FileItemRow(file_id=file_id, item_id=item_id) for item_id in wanted - held[file_id])
    session.flush()
