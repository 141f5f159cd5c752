"""What re-rankers keep of items: looked up where it was kept before, worked out where it was not."""

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property

from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.engine.queries import item_picture
from mmsearch.engine.right_of_way import CourteousEncoder, RightOfWay
from mmsearch.errors import BadPicture, RerankerError
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.evidence import Captions, Evidence, StoredEvidence
from mmsearch.search.second_opinion import Seen
from mmsearch.store.blob_cache import BlobCache
from mmsearch.types import Item, Modality, Vectors

log = logging.getLogger(__name__)

_READERS = 4  # pictures read at a time, while the re-ranker waits


class LookingEncoder(CourteousEncoder):
    """Encodes pictures by a re-ranker that is built on the encoder: so it learns what is to be kept of them.

    Args:
        encoder: The other one.
        way: Knows who searches.
        reranker: Built on the encoder.
    """

    def __init__(self, encoder: DualEncoder, way: RightOfWay, reranker: Reranker) -> None:
        super().__init__(encoder, way)
        self._reranker = reranker
        self.kept: list[Evidence] = []  # of the pictures so far, in their order

    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        self._way.give()
        vectors, kept = self._reranker.look(images)
        self.kept.append(kept)
        return vectors


class Onlooker:
    """Encodes pictures for an indexing run, and keeps what a re-ranker needs of them: so searches need not make it.

    Where the re-ranker cannot be opened or fails, pictures are encoded all the same.

    Args:
        encoder: Makes the vectors.
        open_reranker: Opens the one to keep something for, which is built on the encoder.
        cache: Keeps it, by the content of the picture.
        way: Searches go first.
    """

    def __init__(
        self, encoder: DualEncoder, open_reranker: Callable[[], Reranker], cache: BlobCache, way: RightOfWay
    ) -> None:
        self._encoder, self._open_reranker, self._cache, self._way = encoder, open_reranker, cache, way

    def __call__(self, images: Mapping[str, Image.Image]) -> Vectors:
        """Return the unit vectors of pictures by content hash, (n, dim), in their order.

        Raises:
            EncoderError: If they cannot be encoded.
        """
        pictures = list(images.values())
        if self._reranker is not None:
            looking = LookingEncoder(self._encoder, self._way, self._reranker)
            try:
                vectors = looking.encode_images(pictures)
                self._keep(list(images), looking.kept)
                return vectors
            except RerankerError as error:
                log.warning("Nothing is kept of %d pictures: %s", len(pictures), error)
        return CourteousEncoder(self._encoder, self._way).encode_images(pictures)

    @cached_property
    def _reranker(self) -> Reranker | None:
        """The re-ranker, opened once there is something to encode."""
        try:
            return self._open_reranker()
        except RerankerError as error:
            log.warning("Nothing is kept for second opinions: %s", error)
            return None

    def _keep(self, keys: Sequence[str], kept: Sequence[Evidence]) -> None:
        if self._reranker is not None and kept:
            whole = self._reranker.keeps.joined(kept)
            if isinstance(whole, StoredEvidence):
                self._cache.put(self._reranker.tokens_as, dict(zip(keys, whole.to_bytes(), strict=True)))


class TokenShelf:
    """Looks at items for a re-ranker: at their captions, or at their pictures.

    A picture of which it keeps something is read once, as long as there is room.

    Args:
        reranker: Whose evidence this is.
        cache: Keeps it, by the content of the picture.
        max_pixels: Pictures of more are not looked at.
        max_seconds: Pictures that take longer to read are not looked at.
    """

    def __init__(self, reranker: Reranker, cache: BlobCache, max_pixels: int, max_seconds: float) -> None:
        self._reranker, self._cache = reranker, cache
        self._max_pixels, self._max_seconds = max_pixels, max_seconds

    def look(self, items: Sequence[Item]) -> Seen:
        """Return what is kept of those items whose picture can be read, or about which something is written.

        Raises:
            RerankerError: If the re-ranker fails.
        """
        if self._reranker.reads is Modality.TEXT:
            return _written(items)
        keys = [item.content_hash for item in items]
        tokens = self._kept(keys)
        missing = [(key, item) for key, item in zip(keys, items, strict=True) if key not in tokens]
        with ThreadPoolExecutor(_READERS) as pool:
            read = list(pool.map(self._read, [item for _, item in missing]))
        fresh = {key: image for (key, _), image in zip(missing, read, strict=True) if image is not None}
        if fresh:
            made = self._reranker.prepare(list(fresh.values()))
            if isinstance(made, StoredEvidence):
                self._cache.put(self._reranker.tokens_as, dict(zip(fresh, made.to_bytes(), strict=True)))
            tokens |= {key: made[row : row + 1] for row, key in enumerate(fresh)}
        rows = [row for row, key in enumerate(keys) if key in tokens]
        return Seen(rows, self._reranker.keeps.joined([tokens[keys[row]] for row in rows]) if rows else None)

    def _kept(self, keys: Sequence[str]) -> dict[str, Evidence]:
        """Return what was kept; what cannot be read is worked out anew."""
        found: dict[str, Evidence] = {}
        if not issubclass(self._reranker.keeps, StoredEvidence):
            return found
        for key, blob in self._cache.get(self._reranker.tokens_as, keys).items():
            try:
                found[key] = self._reranker.keeps.from_bytes([blob])
            except RerankerError as error:
                log.warning("Tokens of a picture are made anew: %s", error)
        return found

    def _read(self, item: Item) -> Image.Image | None:
        try:
            return item_picture(item, self._reranker.image_side, self._max_pixels, self._max_seconds)
        except BadPicture as error:
            log.warning("No second opinion on %r: %s", str(item.path), error)
            return None


def _written(items: Sequence[Item]) -> Seen:
    """Return the texts of those items that have any."""
    rows = [row for row, item in enumerate(items) if item.texts]
    texts = tuple(tuple(text.text for text in items[row].texts) for row in rows)
    return Seen(rows, Captions(texts) if rows else None)
