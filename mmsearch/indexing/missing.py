"""Encodes what an encoder has not seen yet: texts, and the pictures that another encoder came first to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from threading import Event
from typing import TypeVar

import numpy as np
from PIL import Image

from mmsearch.collection import Deadline, Reason, content_hash, load_picture, read_picture_file
from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import BadPicture, SourceError
from mmsearch.indexing.encoding import Encode, encode_pictures
from mmsearch.indexing.pack import VectorPack
from mmsearch.indexing.progress import Meter
from mmsearch.indexing.read_ahead import read_ahead
from mmsearch.indexing.tally import Tally
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Item, Skip

T = TypeVar("T")
PICTURES = 32  # in one transaction
TEXTS = 256
READERS = 2  # threads that read and decode
PATIENCE = 2  # times `max_seconds`: for the file and for its pixels


@dataclass(frozen=True, slots=True)
class Reread:
    """An item whose picture was read again, or why that failed."""

    item: Item
    image: Image.Image | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class MissingVectors:
    """Finds and makes the vectors that a space lacks."""

    store: Store
    encoder: DualEncoder
    encode: Encode  # pictures, as the encoder does
    pack: VectorPack
    tally: Tally
    meter: Meter
    cancel: Event

    def encode_pictures(self, space: VectorSpace, max_pixels: int, max_seconds: float | None) -> None:
        """Encode the pictures of the collection that have no vector in `space`."""
        ids = self.store.read.pictures_without_vector(space)
        if not ids:
            return
        self.meter.start("pictures", len(ids))
        results = read_ahead(
            lambda item: self._read(item, max_pixels, max_seconds),
            self._items(ids),
            threads=READERS,
            ahead=2 * PICTURES,
            patience=None if max_seconds is None else PATIENCE * max_seconds,
            give_up=lambda item: Reread(item, reason=Reason.SLOW.format(f"{PATIENCE * (max_seconds or 0):g}")),
        )
        while not self.cancel.is_set() and (batch := list(islice(results, PICTURES))):
            self._record(space, batch)
            self.meter.skipped = len(self.tally.skips)
            self.meter.step(len(batch))
        results.close()

    def encode_texts(self, space: VectorSpace) -> None:
        """Encode the texts of the collection that have no vector in `space`."""
        lacking = self.store.read.texts_without_vector(space)
        self.meter.start("texts", len(lacking))
        lacking.sort(key=lambda pair: len(pair[1]))  # texts of like length share a batch and need little padding
        for some in self._batches(lacking, TEXTS):
            words = list(dict.fromkeys(text for _, text in some if text not in self.pack.texts))
            vectors = dict(zip(words, self.encoder.encode_texts(words), strict=True)) if words else {}
            rows = np.stack([vectors[text] if text in vectors else self.pack.texts[text] for _, text in some])
            self.store.vectors.put(space, [text_id for text_id, _ in some], rows)
            self.tally.texts_encoded += len(words)
            self.meter.step(len(some))

    def _batches(self, values: Sequence[T], size: int) -> Iterator[Sequence[T]]:
        """Yield pieces of `values` until the run is cancelled."""
        for start in range(0, len(values), size):
            if self.cancel.is_set():
                return
            yield values[start : start + size]

    def _items(self, ids: Sequence[int]) -> Iterator[Item]:
        """Yield those items that still have a file, looked up as they are needed."""
        for some in self._batches(ids, PICTURES):
            yield from (item for item in self.store.read.items(some).values() if item.path is not None)

    def _read(self, item: Item, max_pixels: int, max_seconds: float | None) -> Reread:
        """Read an item's picture again, unless its vector was made beforehand."""
        assert item.path is not None  # noqa: S101, `_items` yields no other
        if item.content_hash in self.pack.pictures:
            return Reread(item)
        try:
            data = read_picture_file(item.path, deadline=Deadline(max_seconds))
            if content_hash(data) != item.content_hash:
                return Reread(item, reason=Reason.CHANGED.value)
            side = self.encoder.image_side
            loaded = load_picture(data, side=side, max_pixels=max_pixels, max_seconds=max_seconds)
            return Reread(item, loaded.image)
        except (BadPicture, SourceError) as error:
            return Reread(item, reason=str(error))
        except OSError as error:
            return Reread(item, reason=Reason.UNREADABLE.format(error.strerror or error))

    def _record(self, space: VectorSpace, batch: Sequence[Reread]) -> None:
        """Encode a batch, save its vectors in one transaction, and report what has none."""
        images = {each.item.content_hash: each.image for each in batch if each.image is not None}
        vectors, failures = encode_pictures(self.encode, images)
        self.tally.pictures_encoded += len(vectors)
        vectors |= {
            key: self.pack.pictures[key] for each in batch if (key := each.item.content_hash) in self.pack.pictures
        }
        for each in batch:
            if reason := each.reason or failures.get(each.item.content_hash):
                self.tally.skips.append(Skip(str(each.item.path), reason))
        made = {each.item.id: vectors[each.item.content_hash] for each in batch if each.item.content_hash in vectors}
        if made:
            self.store.vectors.put(space, list(made), np.stack(list(made.values())))
