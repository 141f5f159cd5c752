"""Brings the bundled collection into the store."""

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from threading import Lock

from mmsearch.encoders.base import DualEncoder
from mmsearch.engine.samples import SAMPLES, Samples
from mmsearch.engine.spaces import Spaces
from mmsearch.errors import StoreBusy
from mmsearch.indexing import Order, VectorPack
from mmsearch.store import Store
from mmsearch.types import Modality

PATIENCE = 60.0  # seconds to wait for another process that prepares it

Index = Callable[[Order, DualEncoder, VectorPack | None], object]


class Preparation:
    """Keeps the bundled collection in step with its folder and an encoder. Safe to use from several threads.

    Args:
        store: Where it goes.
        samples: Where it lies.
        stamp_file: Remembers what was prepared.
        index: Carries an order out.
    """

    def __init__(self, store: Store, samples: Samples, stamp_file: Path, index: Index) -> None:
        self._store, self._samples, self._stamp_file, self._index = store, samples, stamp_file, index
        self._lock = Lock()

    def prepare(self, encoder: DualEncoder) -> None:
        """Index the bundled collection, if that was not done; quick where nothing changed.

        Raises:
            StoreBusy: If another process indexes it for more than a minute.
        """
        if not self._samples.there:
            return
        stamp = f"{self._store.uid} {self._samples.stamp(encoder.fingerprint)}"
        with self._lock:
            give_up = time.monotonic() + PATIENCE
            while not (self._stamp_file.is_file() and self._stamp_file.read_text(encoding="utf8") == stamp):
                try:
                    self._index(Order(self._samples.folder, SAMPLES), encoder, self._samples.pack())
                    self._stamp_file.write_text(stamp, encoding="utf8")
                except StoreBusy:  # another process is at it
                    if time.monotonic() > give_up:
                        raise
                    time.sleep(0.1)


def pack_of(store: Store, spaces: Spaces, encoder: DualEncoder) -> VectorPack:
    """Return the vectors of the bundled collection as they ship with it."""
    space = spaces.space(SAMPLES, encoder, Modality.IMAGE)
    ids, pictures = store.vectors.all(space)
    text_ids, texts = store.vectors.all(replace(space, modality=Modality.TEXT))
    items = store.read.items(ids.tolist())
    words = {text.id: text.text for item in items.values() for text in item.texts}
    return VectorPack(
        encoder.fingerprint,
        {items[i].content_hash: vector for i, vector in zip(ids.tolist(), pictures, strict=True)},
        {words[i]: vector for i, vector in zip(text_ids.tolist(), texts, strict=True)},
    )
