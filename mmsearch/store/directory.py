"""Which collections and encoders there are, and how much each collection holds."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from mmsearch.errors import UnknownName
from mmsearch.store.database import Database
from mmsearch.store.models import CollectionRow, EmbeddingRow, EncoderRow, ItemRow, SourceRow, TextRow
from mmsearch.store.remembered import Remembered
from mmsearch.types import CollectionInfo, Modality


@dataclass(frozen=True, slots=True)
class KnownCollection:
    """A collection as its row says."""

    id: int
    name: str
    encoder: str | None  # chosen to search it
    holds_items: bool


@dataclass(frozen=True, slots=True)
class KnownEncoder:
    """An encoder that vectors were made with."""

    id: int
    name: str  # as the user asked for it
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Counts:
    """How much a collection holds, by its id."""

    sources: Mapping[int, tuple[str, ...]]
    items: Mapping[tuple[int, str], int]  # by collection and kind
    texts: Mapping[int, int]
    vectors: Mapping[tuple[int, int, str], int]  # by collection, encoder and modality


class Directory:
    """Answers from memory until something is committed, so that it may be asked before every search."""

    def __init__(self, database: Database) -> None:
        self._collections = Remembered(database, _collections)
        self._encoders = Remembered(database, _encoders)
        self._counts = Remembered(database, _counts)

    def collection(self, name: str) -> KnownCollection:
        """Return what the row of a collection says.

        Raises:
            UnknownName: If there is none of that name.
        """
        known = self._collections()
        if name not in known:
            raise UnknownName("collection", name, known)
        return known[name]

    def collection_id(self, name: str) -> int:
        """Return the id of a collection.

        Raises:
            UnknownName: If there is none of that name.
        """
        return self.collection(name).id

    def names(self) -> tuple[str, ...]:
        """Return the names of all collections, empty ones too."""
        return tuple(self._collections())

    def holds_items(self, name: str) -> bool:
        """Return whether there is a collection of that name with anything in it."""
        known = self._collections().get(name)
        return known is not None and known.holds_items

    def encoder_id(self, fingerprint: str) -> int | None:
        """Return the id of a known encoder, None if nothing was ever encoded with it."""
        return next((each.id for each in self._encoders() if each.fingerprint == fingerprint), None)

    def readers(self, name: str) -> dict[KnownEncoder, int]:
        """Return the encoders that have read a collection, and how many vectors each made of it.

        Raises:
            UnknownName: If there is no collection of that name.
        """
        made, known = Counter[int](), self.collection_id(name)
        for (collection_id, encoder_id, _), count in self._counts().vectors.items():
            made[encoder_id] += count if collection_id == known else 0
        return {each: made[each.id] for each in self._encoders() if made[each.id]}

    def encoder_labels(self, current: Mapping[str, str]) -> dict[int, str]:
        """Return what to call each encoder, by its id: its name, with a mark where another one now has that name.

        Args:
            current: Fingerprints of encoders that are at hand, by name; of other names the newest row counts.
        """
        labels: dict[int, str] = {}
        older: Counter[str] = Counter()
        for each in reversed(self._encoders()):
            outdated = current.get(each.name, each.fingerprint) != each.fingerprint or each.name in labels.values()
            older[each.name] += outdated
            number = f" {older[each.name]}" if older[each.name] > 1 else ""
            labels[each.id] = f"{each.name} (older{number})" if outdated else each.name
        return labels

    def collections(self, current: Mapping[str, str] | None = None) -> tuple[CollectionInfo, ...]:
        """Return what each collection holds, by name; `encoder` is empty where none was chosen.

        Args:
            current: As `encoder_labels` takes it.
        """
        labels, counts = self.encoder_labels(current or {}), self._counts()
        return tuple(
            CollectionInfo(
                name=each.name,
                sources=counts.sources.get(each.id, ()),
                pictures=counts.items.get((each.id, Modality.IMAGE.value), 0),
                texts=counts.texts.get(each.id, 0),
                vectors=_vectors(counts, each.id, labels),
                encoder=each.encoder or "",
            )
            for each in self._collections().values()
        )


def _vectors(counts: Counts, collection_id: int, labels: Mapping[int, str]) -> dict[str, tuple[int, int]]:
    """Return how many vectors each encoder made of the pictures and of the texts of a collection."""
    return {
        label: (
            counts.vectors.get((collection_id, encoder_id, Modality.IMAGE.value), 0),
            counts.vectors.get((collection_id, encoder_id, Modality.TEXT.value), 0),
        )
        for encoder_id, label in sorted(labels.items())
        if any((collection_id, encoder_id, modality.value) in counts.vectors for modality in Modality)
    }


def _collections(session: Session) -> dict[str, KnownCollection]:
    holds = exists().where(ItemRow.collection_id == CollectionRow.id)
    rows = session.execute(
        select(CollectionRow.id, CollectionRow.name, CollectionRow.encoder, holds).order_by(CollectionRow.name)
    )
    return {row[1]: KnownCollection(*row) for row in rows}


def _encoders(session: Session) -> Sequence[KnownEncoder]:
    """Return the encoders in the order in which they came."""
    rows = session.execute(select(EncoderRow.id, EncoderRow.name, EncoderRow.fingerprint).order_by(EncoderRow.id))
    return [KnownEncoder(*row) for row in rows]


def _counts(session: Session) -> Counts:
    sources: dict[int, tuple[str, ...]] = {}
    for collection, path in session.execute(select(SourceRow.collection_id, SourceRow.path).order_by(SourceRow.id)):
        sources[collection] = (*sources.get(collection, ()), path)
    items = session.execute(
        select(ItemRow.collection_id, ItemRow.kind, func.count()).group_by(ItemRow.collection_id, ItemRow.kind)
    )
    texts = session.execute(
        select(ItemRow.collection_id, func.count()).select_from(TextRow).join(ItemRow).group_by(ItemRow.collection_id)
    )
    space = (EmbeddingRow.collection_id, EmbeddingRow.encoder_id, EmbeddingRow.modality)
    vectors = session.execute(select(*space, func.count()).group_by(*space))
    return Counts(
        sources,
        {(row[0], row[1]): row[2] for row in items},
        {row[0]: row[1] for row in texts},
        {(row[0], row[1], row[2]): row[3] for row in vectors},
    )
