"""The large picture of the side panel."""

import logging
from pathlib import Path
from typing import TYPE_CHECKING

from mmsearch.collection import make_thumbnail
from mmsearch.errors import MmsearchError
from mmsearch.types import Item, Modality

if TYPE_CHECKING:
    from mmsearch.engine import Engine

PREVIEW_SIDE = 1280  # pixels of the longer side: sharp at half the width of a large screen

_log = logging.getLogger(__name__)


def picture_folder(engine: "Engine") -> Path:
    """Return the one folder whose files the page may load: thumbnails and previews, never the originals."""
    return engine.settings.home / "thumbnails"


def preview(engine: "Engine", item: Item) -> Path | None:
    """Return a large JPEG of an item's picture, made at the first call.

    It is upright, free of EXIF such as the place, and small enough for a phone, whatever the original is. Where the
    original is gone the thumbnail has to do; None where there is no picture to see.
    """
    target = picture_folder(engine) / "large" / item.content_hash[:2] / f"{item.content_hash}.jpg"
    if target.exists():
        return target
    if item.kind is not Modality.IMAGE or item.path is None:
        return engine.thumbnail(item)
    try:
        make_thumbnail(item.path, target, side=PREVIEW_SIDE, max_pixels=engine.settings.max_pixels)
    except MmsearchError as error:
        _log.warning("No preview of %s: %s", item.path, error)
        return engine.thumbnail(item)
    return target
