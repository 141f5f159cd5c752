"""Which encoder searches a collection."""

import logging
from threading import Lock

from mmsearch.encoders.base import DualEncoder
from mmsearch.engine.spaces import Spaces, full_name, not_indexed
from mmsearch.errors import EncoderError, MmsearchError, UnknownName
from mmsearch.store import Store

log = logging.getLogger(__name__)


class Choices:
    """Remembers in the store which encoder was chosen for a collection. Safe to use from several threads.

    What was asked for in the call comes first, then what was chosen for the collection, then the default. A choice
    that cannot be kept, since the encoder is gone or an upgrade changed it, gives way to the default, if that has
    read the collection: a search is answered all the same.

    Args:
        store: Keeps the choices.
        spaces: Opens encoders.
        default: Searches a collection for which none was chosen.
    """

    def __init__(self, store: Store, spaces: Spaces, default: str) -> None:
        self._store, self._spaces, self._default = store, spaces, full_name(default)
        self._lock = Lock()
        self._broken: dict[str, MmsearchError] = {}  # encoders that did not load, and why
        self._given_way: set[tuple[str, str]] = set()  # collections and choices that could not be kept

    def name(self, collection: str) -> str:
        """Return the name of the encoder that searches a collection, without loading any."""
        chosen = self._chosen(collection)
        return self._default if (collection, chosen) in self._given_way else chosen

    def encoder(self, collection: str, asked: str | None) -> DualEncoder:
        """Return the encoder that searches a collection.

        Raises:
            UnknownName: If there is no such encoder.
            EncoderError: If it cannot be loaded, and the default has not read the collection either.
            NotIndexed: If it has not read the collection, nor has the default.
        """
        chosen = self._chosen(collection)
        if asked is not None or chosen == self._default:
            return self._spaces.encoder(asked or self._default)
        try:
            encoder = self._load(chosen)
            if not self._has_read(encoder, collection):
                raise not_indexed(collection, chosen)
        except MmsearchError as error:
            return self._give_way(collection, chosen, error)
        self._given_way.discard((collection, chosen))
        return encoder

    def use(self, collection: str, encoder: str) -> None:
        """Let an encoder search a collection from now on.

        Raises:
            UnknownName: If there is no such collection or encoder.
            EncoderError: If it cannot be loaded.
            NotIndexed: If it has not read the collection.
        """
        known = self._store.directory.collection(collection)
        self.retry()
        model = self._spaces.encoder(encoder)
        if not self._has_read(model, collection):
            raise not_indexed(collection, encoder)
        self._store.catalogue.choose_encoder(known.id, full_name(encoder))

    def retry(self) -> None:
        """Forget which encoders did not load: something may have changed."""
        with self._lock:
            self._broken.clear()
            self._given_way.clear()

    def _chosen(self, collection: str) -> str:
        if collection not in self._store.directory.names():
            return self._default
        return self._store.directory.collection(collection).encoder or self._default

    def _load(self, name: str) -> DualEncoder:
        """Open an encoder; one that failed once is not tried before every search."""
        if name in self._broken:
            raise self._broken[name]
        try:
            return self._spaces.encoder(name)
        except (EncoderError, UnknownName) as error:
            with self._lock:
                self._broken[name] = error
            raise

    def _has_read(self, encoder: DualEncoder, collection: str) -> bool:
        encoder_id = self._store.directory.encoder_id(encoder.fingerprint)
        if encoder_id is None:
            return False
        return self._store.read.holds_vectors(self._store.directory.collection_id(collection), encoder_id)

    def _give_way(self, collection: str, chosen: str, reason: MmsearchError) -> DualEncoder:
        """Return the default in place of a choice that cannot be kept, and say so once."""
        default = self._spaces.encoder(self._default)
        if not self._has_read(default, collection):
            raise reason
        with self._lock:
            if (collection, chosen) not in self._given_way:
                self._given_way.add((collection, chosen))
                log.warning("%s The collection is searched by %s meanwhile.", reason, self._default)
        return default
