"""Encodes what an encoder has not seen yet: texts, and the pictures that another encoder came first to."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Event
from typing import TypeVar

import numpy as np
from PIL import Image

from mmsearch.collection import content_hash, load_picture
from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import BadPicture
from mmsearch.indexing.encoding import encode_pictures
from mmsearch.indexing.pack import VectorPack
from mmsearch.indexing.progress import Meter
from mmsearch.indexing.tally import Tally
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Item, Skip

T = TypeVar("T")
PICTURES = 32  # in one transaction
TEXTS = 256


@dataclass(frozen=True, slots=True)
class MissingVectors:
    """Finds and makes the vectors that a space lacks."""

    store: Store
    encoder: DualEncoder
    pack: VectorPack
    tally: Tally
    meter: Meter
    cancel: Event

    def encode_pictures(self, space: VectorSpace, max_pixels: int) -> None:
        """Encode the pictures of the collection that have no vector in `space`."""
        ids = self.store.read.pictures_without_vector(space)
        if not ids:
            return
        self.meter.start("pictures", len(ids))
        for some in self._batches(ids, PICTURES):
            items = self.store.read.items(some).values()
            images = {item.content_hash: image for item in items if (image := self._load(item, max_pixels)) is not None}
            vectors, failures = encode_pictures(self.encoder, images)
            self.tally.skips.extend(
                Skip(_name(item), failures[item.content_hash]) for item in items if item.content_hash in failures
            )
            made = {item.id: vectors[item.content_hash] for item in items if item.content_hash in vectors}
            if made:
                self.store.vectors.put(space, list(made), np.stack(list(made.values())))
            self.tally.pictures_encoded += len(made)
            self.meter.step(len(some))

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

    def _load(self, item: Item, max_pixels: int) -> Image.Image | None:
        """Read an item's picture again; None, and a line in the report, where it cannot be had."""
        try:
            if item.path is None:
                return None  # about to be dropped
            data = item.path.read_bytes()
            if content_hash(data) != item.content_hash:
                raise BadPicture("has changed since it was indexed; run the index again")
            return load_picture(data, side=self.encoder.image_side, max_pixels=max_pixels).image
        except BadPicture as error:
            self.tally.skips.append(Skip(_name(item), str(error)))
        except OSError as error:
            self.tally.skips.append(Skip(_name(item), f"cannot be read: {error.strerror or error}"))
        return None


def _name(item: Item) -> str:
    return str(item.path or Path(item.content_hash))
