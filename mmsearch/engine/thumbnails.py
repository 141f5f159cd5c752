"""Pictures of items in two sizes, made when they are first asked for."""

import logging
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from mmsearch.collection import make_thumbnail
from mmsearch.errors import MmsearchError
from mmsearch.types import Item, Modality

log = logging.getLogger(__name__)

SIDES = {"small": 400, "large": 1280}  # pixels of the longer side: for a gallery, and for half of a large screen


class Thumbnails:
    """JPEGs in a folder, named by the hash of the picture. Safe to use from several threads.

    Args:
        folder: Where they are kept; made when the first one is.
        max_pixels: Larger pictures have none.
        max_seconds: Pictures that take longer to read have none.
    """

    def __init__(self, folder: Path, max_pixels: int, max_seconds: float) -> None:
        self._folder, self._max_pixels, self._max_seconds = folder, max_pixels, max_seconds

    def ready(self, content_hash: str, size: str) -> Path | None:
        """Return what was made before of a picture in a size, a key of `SIDES`; None where nothing was."""
        path = self._path(content_hash, size)
        return path if path.exists() else None

    def of(self, item: Item, size: str = "small") -> Path | None:
        """Return an item's picture in a size, a key of `SIDES`; None where there is no picture to see."""
        if ready := self.ready(item.content_hash, size):
            return ready
        if item.kind is not Modality.IMAGE or item.path is None:
            return None
        target = self._path(item.content_hash, size)
        try:
            make_thumbnail(
                item.path,
                target,
                side=SIDES[size],
                max_pixels=self._max_pixels,
                max_seconds=self._max_seconds,
                expected=item.content_hash,
            )
        except (MmsearchError, OSError) as error:
            log.warning("No %s picture of %r: %s", size, str(item.path), error)  # a name may hold line ends
            return None
        return target

    def remove(self, content_hashes: Iterable[str]) -> int:
        """Delete what was made of these pictures, where anything was; return its bytes."""
        freed = 0
        for path in (self._path(content_hash, size) for content_hash in content_hashes for size in SIDES):
            with suppress(OSError):  # most pictures have none, and one that cannot be deleted frees nothing
                size = path.stat().st_size
                path.unlink()
                freed += size
        return freed

    def _path(self, content_hash: str, size: str) -> Path:
        folder = self._folder if size == "small" else self._folder / size
        return folder / content_hash[:2] / f"{content_hash}.jpg"
