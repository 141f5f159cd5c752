"""Lets searches go before the batches of an indexing run: both want the same processor."""

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from threading import Condition, Event
from typing import TypeVar

from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.types import Vectors

T = TypeVar("T")
SMALL_BATCH = 8  # pictures or texts encoded at once while people search: what a search may have to wait for
LATELY = 5.0  # seconds after a search during which more are expected
PATIENCE = 0.25  # seconds that a batch waits at most, so that an indexing run gets on under any load


class RightOfWay:
    """Knows whether anybody searches. Safe to use from several threads."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._searches = 0
        self._last = float("-inf")  # by time.monotonic()

    @contextmanager
    def searching(self) -> Iterator[None]:
        """Go first until the end of the block."""
        with self._changed:
            self._searches += 1
        try:
            yield
        finally:
            with self._changed:
                self._searches -= 1
                self._last = time.monotonic()
                self._changed.notify_all()

    def wanted(self) -> bool:
        """Return whether somebody searches, or did a moment ago."""
        with self._changed:
            return self._searches > 0 or time.monotonic() - self._last < LATELY

    def give(self) -> None:
        """Wait while somebody searches, for a moment at most."""
        with self._changed:
            self._changed.wait_for(lambda: not self._searches, PATIENCE)

    def between(self, work: Iterable[T], stop: Event) -> Iterator[T]:
        """Yield pieces of work, each once it has waited for searches, until there is none left or it is stopped."""
        for piece in work:
            if stop.is_set():
                return
            self.give()
            yield piece


class CourteousEncoder(DualEncoder):
    """Encodes as another encoder does, in small batches between searches where there are any.

    Args:
        encoder: The other one.
        way: Knows who searches.
    """

    def __init__(self, encoder: DualEncoder, way: RightOfWay) -> None:
        self.name, self.fingerprint, self.dim = encoder.name, encoder.fingerprint, encoder.dim
        self.image_side = encoder.image_side
        self._encoder, self._way = encoder, way

    def encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        """Return the unit vectors of pictures, (len(images), dim)."""
        self._choose_batch()
        return super().encode_images(images)

    def encode_texts(self, texts: Sequence[str]) -> Vectors:
        """Return the unit vectors of texts, (len(texts), dim)."""
        self._choose_batch()
        return super().encode_texts(texts)

    def _choose_batch(self) -> None:
        full = self._encoder.batch_size
        self.batch_size = min(SMALL_BATCH, full) if self._way.wanted() else full

    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        self._way.give()
        return self._encoder.encode_images(images)

    def _encode_texts(self, texts: Sequence[str]) -> Vectors:
        self._way.give()
        return self._encoder.encode_texts(texts)
