"""Small pictures of items, made when they are first asked for."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mmsearch.collection import make_thumbnail
from mmsearch.errors import MmsearchError
from mmsearch.types import Item, Modality

log = logging.getLogger(__name__)

SIDE = 400  # pixels of the longer side


class Thumbnails:
    """JPEGs in a folder, named by the hash of the picture. Safe to use from several threads.

    Args:
        folder: Where they are kept; made when the first one is.
        max_pixels: Larger pictures have none.
        max_seconds: Pictures that take longer to read have none.
    """

    def __init__(self, folder: Path, max_pixels: int, max_seconds: float) -> None:
        self._folder, self._max_pixels, self._max_seconds = folder, max_pixels, max_seconds

    def of(self, item: Item) -> Path | None:
        """Return the thumbnail of an item's picture; None where there is no picture to see."""
        target = self._path(item.content_hash)
        if target.exists():
            return target
        if item.kind is not Modality.IMAGE or item.path is None:
            return None
        try:
            make_thumbnail(
                item.path,
                target,
                side=SIDE,
                max_pixels=self._max_pixels,
                max_seconds=self._max_seconds,
                expected=item.content_hash,
            )
        except (MmsearchError, OSError) as error:
            log.warning("No thumbnail of %r: %s", str(item.path), error)  # a name may hold line ends
            return None
        return target

    def remove(self, content_hashes: Iterable[str]) -> int:
        """Delete the thumbnails of these pictures, where there are any; return their bytes."""
        freed = 0
        for path in map(self._path, content_hashes):
            with suppress(OSError):  # most pictures have none, and one that cannot be deleted frees nothing
                size = path.stat().st_size
                path.unlink()
                freed += size
        return freed

    def _path(self, content_hash: str) -> Path:
        return self._folder / content_hash[:2] / f"{content_hash}.jpg"
