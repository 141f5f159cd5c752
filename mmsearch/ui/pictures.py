"""The pictures that leave the server: small ones for the gallery, large ones for the panel, never the originals."""

import logging
import re
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from mmsearch.collection import make_thumbnail
from mmsearch.errors import MmsearchError
from mmsearch.types import Item, Modality

if TYPE_CHECKING:
    from mmsearch.engine import Engine

PREVIEW_SIDE = 1280  # pixels of the longer side: sharp at half the width of a large screen
DECODED_AT_ONCE = 4  # decoding waits for the disk and leaves Python's lock; more would only take memory

_HASH = re.compile("[0-9a-f]{16,128}")  # also keeps dots and slashes out of file names
_log = logging.getLogger(__name__)


class Pictures:
    """Finds the JPEG of an item, and makes it when it is first asked for.

    They are upright, free of EXIF such as the place, and small enough for a phone, whatever the original is.
    """

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._decoding = BoundedSemaphore(DECODED_AT_ONCE)

    def find(self, item_id: int, content_hash: str, size: str) -> Path | None:
        """Return a picture in a size, `small` or `large`; None where there is none to see.

        The hash must be the item's: an address names what it shows, so that a browser may keep it for ever.
        """
        if ready := self.ready(content_hash, size):
            return ready
        if not _usable(content_hash, size):
            return None
        try:
            item = self._engine.item(item_id)
        except MmsearchError:
            return None
        if item.content_hash != content_hash:
            return None
        with self._decoding:
            return self._large(item) if size == "large" else self._engine.thumbnail(item)

    def ready(self, content_hash: str, size: str) -> Path | None:
        """Return a picture that was made before; None where it has to be made, or there is none."""
        if not _usable(content_hash, size):
            return None
        place = self._place(content_hash, size)
        return place if place.exists() else None

    def _place(self, content_hash: str, size: str) -> Path:
        folder = self._engine.settings.home / "thumbnails"
        return (folder if size == "small" else folder / "large") / content_hash[:2] / f"{content_hash}.jpg"

    def _large(self, item: Item) -> Path | None:
        """Make the large picture; where the original is gone the thumbnail has to do."""
        target = self._place(item.content_hash, "large")
        if item.kind is not Modality.IMAGE or item.path is None:
            return self._engine.thumbnail(item)
        try:
            make_thumbnail(
                item.path,
                target,
                side=PREVIEW_SIDE,
                max_pixels=self._engine.settings.max_pixels,
                max_seconds=self._engine.settings.max_seconds,
                expected=item.content_hash,
            )
        except MmsearchError as error:
            _log.warning("No large picture of %r: %s", str(item.path), error)
            return self._engine.thumbnail(item)
        return target


def _usable(content_hash: str, size: str) -> bool:
    """Whether these may become part of a file's name."""
    return bool(_HASH.fullmatch(content_hash)) and size in {"small", "large"}
