"""The encoders and vector indexes that an engine has open."""

from collections.abc import Callable
from pathlib import Path
from threading import RLock

from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import NotIndexed
from mmsearch.search import LiveIndex
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Modality

EncoderLoader = Callable[[str], DualEncoder]


class Spaces:
    """Opens each encoder and each index once, when it is first needed. Safe to use from several threads.

    Args:
        store: Holds the vectors.
        folder: Where index files are kept.
        load: Opens the encoder of a name.
    """

    def __init__(self, store: Store, folder: Path, load: EncoderLoader) -> None:
        self._store, self._folder, self._load = store, folder, load
        self._lock = RLock()
        self._encoders: dict[str, DualEncoder] = {}
        self._indexes: dict[VectorSpace, LiveIndex] = {}

    def encoder(self, name: str) -> DualEncoder:
        """Return an encoder, loading it at the first call."""
        with self._lock:
            if name not in self._encoders:
                self._encoders[name] = self._load(name)
            return self._encoders[name]

    def space(self, collection: str, encoder: DualEncoder, modality: Modality) -> VectorSpace:
        """Name the vectors that an encoder made of a collection.

        Raises:
            UnknownName: If there is no such collection.
            NotIndexed: If nothing was ever encoded with this encoder.
        """
        collection_id = self._store.read.collection_id(collection)
        encoder_id = self._store.vectors.encoder_id(encoder.fingerprint)
        if encoder_id is None:
            raise not_indexed(collection, encoder.name)
        return VectorSpace(collection_id, encoder_id, modality, encoder.dim)

    def index(self, space: VectorSpace, fingerprint: str) -> LiveIndex:
        """Return the index of a space, opening it at the first call."""
        with self._lock:
            if space not in self._indexes:
                name = f"{space.collection_id}-{space.encoder_id}-{space.modality.value}.index"
                self._indexes[space] = LiveIndex(self._store, space, fingerprint, self._folder / name)
            return self._indexes[space]

    def save(self) -> None:
        """Write the index files that lag behind."""
        with self._lock:
            indexes = list(self._indexes.values())
        for index in indexes:
            index.save()


def not_indexed(collection: str, encoder: str) -> NotIndexed:
    """Say that a collection must be indexed with an encoder before it can be searched with it."""
    return NotIndexed(
        f"The collection {collection!r} holds nothing that encoder {encoder!r} has read. "
        f"Index its folders again with that encoder: mmsearch index FOLDER --collection {collection}"
    )
