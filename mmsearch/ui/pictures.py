"""The pictures that leave the server: small ones for the gallery, large ones for the panel, never the originals."""

import re
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

from mmsearch.engine.thumbnails import SIDES, Thumbnails
from mmsearch.errors import MmsearchError

if TYPE_CHECKING:
    from mmsearch.engine import Engine

DECODED_AT_ONCE = 4  # decoding waits for the disk and leaves Python's lock; more would only take memory

_HASH = re.compile("[0-9a-f]{16,128}")  # also keeps dots and slashes out of file names


class Pictures:
    """Finds the JPEG of an item, and makes it when it is first asked for.

    They are upright, free of EXIF such as the place, and small enough for a phone, whatever the original is.
    """

    def __init__(self, engine: "Engine") -> None:
        settings = engine.settings
        self._engine = engine
        self._thumbnails = Thumbnails(settings.home / "thumbnails", settings.max_pixels, settings.max_seconds)
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
            large = self._thumbnails.of(item, "large") if size == "large" else None
            return large or self._engine.thumbnail(item)  # where the original is gone the small one has to do

    def ready(self, content_hash: str, size: str) -> Path | None:
        """Return a picture that was made before; None where it has to be made, or there is none."""
        return self._thumbnails.ready(content_hash, size) if _usable(content_hash, size) else None


def _usable(content_hash: str, size: str) -> bool:
    """Whether these may become part of a file's name."""
    return bool(_HASH.fullmatch(content_hash)) and size in SIDES
