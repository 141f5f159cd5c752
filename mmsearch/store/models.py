"""The tables: what is in a collection, the vectors made of it, and how it came to be so.

Vectors belong to the database, in the same transaction as the rows they are made of. Every vector put or
dropped appends to `changes`, from which a vector index catches up.
"""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import JSON, DateTime, ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

_NEVER_REUSE_IDS = {"sqlite_autoincrement": True}


def _now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)  # SQLite keeps no zone: all times are UTC


class Base(DeclarativeBase):
    """Root of the tables."""


class StoreInfo(Base):
    """Facts about the database itself, such as its unique id."""

    __tablename__ = "store_info"

    key: Mapped[str] = mapped_column(String, primary_key=True)
    value: Mapped[str]


class CollectionRow(Base):
    """A named set of items that are searched together."""

    __tablename__ = "collections"
    __table_args__ = _NEVER_REUSE_IDS

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    encoder: Mapped[str | None]  # name of the one chosen to search it; None: the settings' one
    created_at: Mapped[datetime] = mapped_column(DateTime, default=_now)


class SourceRow(Base):
    """A folder or file that a collection is made of."""

    __tablename__ = "sources"
    __table_args__ = (UniqueConstraint("collection_id", "path"), _NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"))
    path: Mapped[str]  # absolute, as the user named it: a folder or one file
    base: Mapped[str]  # the folder that the paths of its files start from
    include: Mapped[list[str]] = mapped_column(JSON)
    exclude: Mapped[list[str]] = mapped_column(JSON)
    added_at: Mapped[datetime] = mapped_column(DateTime, default=_now)


class FileRow(Base):
    """A file of a source: what it looked like when it was last read, and what came of it."""

    __tablename__ = "files"
    __table_args__ = (UniqueConstraint("source_id", "path"), _NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    source_id: Mapped[int] = mapped_column(ForeignKey("sources.id"))
    path: Mapped[str]  # relative to the source, with forward slashes
    size: Mapped[int]  # bytes
    mtime_ns: Mapped[int]
    signature: Mapped[str]  # changes with the file or with what sidecars say about it
    content_hash: Mapped[str | None] = mapped_column(index=True)
    state: Mapped[str]  # done or skipped
    reason: Mapped[str | None]  # why it was skipped
    attempts: Mapped[int] = mapped_column(default=0)  # failed readings in a row


class ItemRow(Base):
    """A picture or a text, known by its content; ids are never used again."""

    __tablename__ = "items"
    __table_args__ = (UniqueConstraint("collection_id", "kind", "key"), _NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"))
    kind: Mapped[str]  # image or text
    key: Mapped[str]  # content hash, and later the frame or page
    title: Mapped[str | None]
    credit: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    width: Mapped[int | None]  # pixels
    height: Mapped[int | None]
    taken_at: Mapped[datetime | None] = mapped_column(DateTime)
    extra: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)


class FileItemRow(Base):
    """Which files hold an item, and which items a file holds."""

    __tablename__ = "file_items"

    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"), primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), primary_key=True, index=True)


class TextRow(Base):
    """A text that a file (or its sidecars) states about an item."""

    __tablename__ = "texts"
    __table_args__ = (Index("ix_texts_file_item", "file_id", "item_id"), _NEVER_REUSE_IDS)

    id: Mapped[int] = mapped_column(primary_key=True)
    item_id: Mapped[int] = mapped_column(ForeignKey("items.id"), index=True)
    file_id: Mapped[int] = mapped_column(ForeignKey("files.id"))
    position: Mapped[int]  # from 0, in the order of the source
    kind: Mapped[str]
    language: Mapped[str | None]
    text: Mapped[str]


class EncoderRow(Base):
    """An encoder that vectors were made with; another fingerprint is another encoder."""

    __tablename__ = "encoders"
    __table_args__ = _NEVER_REUSE_IDS

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    fingerprint: Mapped[str] = mapped_column(unique=True)
    dim: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(DateTime, default=_now)


class EmbeddingRow(Base):
    """The vector of a picture (owner: an item) or of a text (owner: a text)."""

    __tablename__ = "embeddings"
    __table_args__ = (Index("ix_embeddings_collection", "collection_id", "encoder_id", "modality"),)

    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoders.id"), primary_key=True)
    modality: Mapped[str] = mapped_column(primary_key=True)
    owner_id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"))
    vector: Mapped[bytes] = mapped_column(LargeBinary)  # float16, little endian, (dim,)


class ChangeRow(Base):
    """One vector put or dropped; `seq` only grows."""

    __tablename__ = "changes"
    __table_args__ = (
        Index("ix_changes_log", "collection_id", "encoder_id", "modality", "seq"),
        _NEVER_REUSE_IDS,
    )

    seq: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"))
    encoder_id: Mapped[int] = mapped_column(ForeignKey("encoders.id"))
    modality: Mapped[str]
    owner_id: Mapped[int]
    operation: Mapped[str]  # put or drop


class RunRow(Base):
    """One run of the indexer."""

    __tablename__ = "runs"
    __table_args__ = _NEVER_REUSE_IDS

    id: Mapped[int] = mapped_column(primary_key=True)
    collection_id: Mapped[int] = mapped_column(ForeignKey("collections.id"))
    source: Mapped[str]
    encoder: Mapped[str]
    state: Mapped[str]  # running, done, cancelled, failed or interrupted
    started_at: Mapped[datetime] = mapped_column(DateTime, default=_now)
    finished_at: Mapped[datetime | None] = mapped_column(DateTime)
    report: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
