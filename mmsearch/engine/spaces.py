"""The encoders and vector indexes that an engine has open."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.presets import ENCODERS
from mmsearch.engine.opened import Opened
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
        self._store, self._folder = store, folder
        self._encoders: Opened[str, DualEncoder] = Opened(load)
        self._indexes: Opened[tuple[VectorSpace, str], LiveIndex] = Opened(self._open_index)

    def encoder(self, name: str) -> DualEncoder:
        """Return an encoder, loading it at the first call."""
        return self._encoders(full_name(name))

    def fingerprints(self) -> dict[str, str]:
        """Return the fingerprints of the encoders that are open, by name."""
        return {encoder.name: encoder.fingerprint for encoder in self._encoders.all().values()}

    def space(self, collection: str, encoder: DualEncoder, modality: Modality) -> VectorSpace:
        """Name the vectors that an encoder made of a collection.

        Raises:
            UnknownName: If there is no such collection.
            NotIndexed: If nothing was ever encoded with this encoder.
        """
        collection_id = self._store.directory.collection_id(collection)
        encoder_id = self._store.directory.encoder_id(encoder.fingerprint)
        if encoder_id is None:
            raise not_indexed(collection, encoder.name)
        return VectorSpace(collection_id, encoder_id, modality, encoder.dim)

    def index(self, space: VectorSpace, fingerprint: str) -> LiveIndex:
        """Return the index of a space, opening it at the first call."""
        return self._indexes((space, fingerprint))

    def save(self) -> None:
        """Write the index files that lag behind."""
        for index in self._indexes.all().values():
            index.save()

    def drop(self, collection_id: int, encoder_id: int | None = None) -> None:
        """Close the indexes of a collection and delete their files; of one encoder, or of all.

        Call it once their vectors are gone from the store: a search that still holds one of them finds nothing.
        """
        for key in self._indexes.all():
            if key[0].collection_id == collection_id and encoder_id in (None, key[0].encoder_id):
                self._indexes.forget(key)
        for file in self.files(collection_id, encoder_id):
            with suppress(OSError):  # a cache of nothing: it is never opened again, as ids are never used twice
                file.unlink(missing_ok=True)

    def files(self, collection_id: int, encoder_id: int | None = None) -> list[Path]:
        """Return the index files of a collection; of one encoder, or of all."""
        return list(self._folder.glob(f"{collection_id}-{'*' if encoder_id is None else encoder_id}-*.index"))

    def _open_index(self, key: tuple[VectorSpace, str]) -> LiveIndex:
        space, fingerprint = key
        name = f"{space.collection_id}-{space.encoder_id}-{space.modality.value}.index"
        return LiveIndex(self._store, space, fingerprint, self._folder / name)


def full_name(encoder: str) -> str:
    """Return an encoder's name as it is remembered: a folder by its whole path, so that it is found from anywhere."""
    if encoder in ENCODERS or not Path(encoder).expanduser().is_dir():
        return encoder
    return str(Path(encoder).expanduser().resolve())


def not_indexed(collection: str, encoder: str) -> NotIndexed:
    """Say that a collection must be read by an encoder before it can be searched with it."""
    return NotIndexed(
        f"The collection {collection!r} holds nothing that encoder {encoder!r} has read. "
        f"Let it read it: mmsearch encoders build {encoder} --collection {collection}"
    )
