"""Vectors and the log of their changes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import ColumnElement, Select, and_, delete, func, insert, select
from sqlalchemy.orm import Session

from mmsearch.store.database import Database
from mmsearch.store.models import ChangeRow, EmbeddingRow, EncoderRow, ItemRow, TextRow
from mmsearch.store.slices import slices
from mmsearch.types import Ids, Modality, Vectors


@dataclass(frozen=True, slots=True)
class VectorSpace:
    """The vectors of one modality that one encoder made of one collection."""

    collection_id: int
    encoder_id: int
    modality: Modality
    dim: int


@dataclass(frozen=True, slots=True)
class Catchup:
    """What changed in a vector space since a position in the log."""

    position: int  # the last change covered
    put_ids: Ids  # (n,)
    put: Vectors  # (n, dim)
    dropped: Ids  # (m,)
    count: int  # vectors in the space at `position`


class VectorLog:
    """Reads and writes vectors; every change can be replayed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def register_encoder(self, name: str, fingerprint: str, dim: int) -> int:
        """Return the id of an encoder, which is made known where it is not."""
        with self._database.writing() as session:
            known = session.scalar(select(EncoderRow.id).where(EncoderRow.fingerprint == fingerprint))
            if known is None:
                row = EncoderRow(name=name, fingerprint=fingerprint, dim=dim)
                session.add(row)
                session.flush()
                known = row.id
            return known

    def put(self, space: VectorSpace, owners: Sequence[int], vectors: Vectors) -> None:
        """Store (n, dim) vectors of n owners, replacing earlier ones, in one transaction.

        Owners that another process deleted while theirs were made are left out.
        """
        with self._database.writing() as session:
            there = _existing(session, space.modality, owners)
            kept = [i for i, owner in enumerate(owners) if owner in there]
            put_vectors(session, space, [owners[i] for i in kept], vectors[kept])

    def position(self, space: VectorSpace) -> int:
        """Return the newest entry of the log that concerns this space; 0 if there is none."""
        with self._database.reading() as session:
            return _position(session, space)

    def since(self, space: VectorSpace, position: int) -> Catchup:
        """Return what changed after `position`; from 0 it is every vector that there is."""
        with self._database.reading() as session:
            newest, count = _position(session, space), _count(session, space)
            if position == 0:
                ids, vectors = _vectors(session, space)
                return Catchup(newest, ids, vectors, np.empty(0, np.int64), count)
            touched = session.scalars(_log(space).where(ChangeRow.seq > position).distinct()).all()
            ids, vectors = _vectors(session, space, touched)
            return Catchup(newest, ids, vectors, np.setdiff1d(np.array(touched, np.int64), ids), count)

    def of(self, space: VectorSpace, owners: Sequence[int]) -> tuple[Ids, Vectors]:
        """Return the vectors of those among `owners` that have one."""
        with self._database.reading() as session:
            return _vectors(session, space, owners)

    def all(self, space: VectorSpace) -> tuple[Ids, Vectors]:
        """Return every vector of a space with its owner."""
        with self._database.reading() as session:
            return _vectors(session, space)


def put_vectors(session: Session, space: VectorSpace, owners: Sequence[int], vectors: Vectors) -> None:
    """Store vectors and log it, within the caller's transaction."""
    if not owners:
        return
    _forget(session, space, owners)
    common = {"collection_id": space.collection_id, "encoder_id": space.encoder_id, "modality": space.modality.value}
    blobs = [row.tobytes() for row in vectors.astype("<f2")]
    session.execute(
        insert(EmbeddingRow),
        [{**common, "owner_id": owner, "vector": blob} for owner, blob in zip(owners, blobs, strict=True)],
    )
    session.execute(insert(ChangeRow), [{**common, "owner_id": owner, "operation": "put"} for owner in owners])


def drop_vectors(session: Session, modality: Modality, owners: Sequence[int]) -> None:
    """Drop the vectors that any encoder made of these owners, and log it."""
    for some in slices(owners):
        mine = (EmbeddingRow.modality == modality.value) & EmbeddingRow.owner_id.in_(some)
        found = session.execute(
            select(EmbeddingRow.collection_id, EmbeddingRow.encoder_id, EmbeddingRow.owner_id).where(mine)
        ).all()
        if found:
            session.execute(
                insert(ChangeRow),
                [
                    {
                        "collection_id": collection,
                        "encoder_id": encoder,
                        "modality": modality.value,
                        "owner_id": owner,
                        "operation": "drop",
                    }
                    for collection, encoder, owner in found
                ],
            )
            session.execute(delete(EmbeddingRow).where(mine))


def _existing(session: Session, modality: Modality, owners: Sequence[int]) -> set[int]:
    """Return those owners that are still there."""
    column = ItemRow.id if modality is Modality.IMAGE else TextRow.id
    return {owner for some in slices(owners) for owner in session.scalars(select(column).where(column.in_(some)))}


def _forget(session: Session, space: VectorSpace, owners: Sequence[int]) -> None:
    """Make room for new vectors of owners that may have old ones."""
    for some in slices(owners):
        session.execute(
            delete(EmbeddingRow).where(
                EmbeddingRow.encoder_id == space.encoder_id,
                EmbeddingRow.modality == space.modality.value,
                EmbeddingRow.owner_id.in_(some),
            )
        )


def _log(space: VectorSpace) -> Select[int]:
    return select(ChangeRow.owner_id).where(
        ChangeRow.collection_id == space.collection_id,
        ChangeRow.encoder_id == space.encoder_id,
        ChangeRow.modality == space.modality.value,
    )


def _position(session: Session, space: VectorSpace) -> int:
    return session.scalar(_log(space).with_only_columns(func.max(ChangeRow.seq))) or 0


def _within(space: VectorSpace) -> ColumnElement[bool]:
    return and_(
        EmbeddingRow.collection_id == space.collection_id,
        EmbeddingRow.encoder_id == space.encoder_id,
        EmbeddingRow.modality == space.modality.value,
    )


def _count(session: Session, space: VectorSpace) -> int:
    return session.scalar(select(func.count()).select_from(EmbeddingRow).where(_within(space))) or 0


def _vectors(session: Session, space: VectorSpace, owners: Sequence[int] | None = None) -> tuple[Ids, Vectors]:
    """Return the vectors of these owners, or of all, as unit rows."""
    query = select(EmbeddingRow.owner_id, EmbeddingRow.vector).where(_within(space)).order_by(EmbeddingRow.owner_id)
    if owners is None:
        rows = session.execute(query).all()
    else:
        rows = [row for some in slices(owners) for row in session.execute(query.where(EmbeddingRow.owner_id.in_(some)))]
    ids = np.array([row.owner_id for row in rows], np.int64)  # (n,)
    flat = np.frombuffer(b"".join(row.vector for row in rows), "<f2").astype(np.float32)
    vectors = flat.reshape(len(rows), space.dim)
    return ids, vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
