"""Makes small JPEGs for galleries."""

import os
import tempfile
from pathlib import Path

from PIL import Image

from mmsearch.collection.pictures import load_picture
from mmsearch.errors import BadPicture, MmsearchError

_QUALITY = 82  # JPEG, 1 to 95


def make_thumbnail(path: Path, target: Path, *, side: int, max_pixels: int) -> None:
    """Write the picture at `path` as a JPEG whose longer side is at most `side` pixels.

    A reader of `target` sees all of it or nothing, whatever happens and however many write at once.

    Raises:
        BadPicture: If the picture cannot be read.
        MmsearchError: If the thumbnail cannot be written.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise BadPicture(f"cannot be read: {error.strerror}") from error
    image = load_picture(data, side=side, max_pixels=max_pixels).image
    image.thumbnail((side, side), Image.Resampling.LANCZOS)
    try:
        _write(image, target)
    except OSError as error:
        raise MmsearchError(f"The thumbnail {target} cannot be written: {error.strerror}. Is the disk full?") from error


def _write(image: Image.Image, target: Path) -> None:
    """Write beside `target`, then take its place."""
    target.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".", suffix=".part", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            image.save(file, "JPEG", quality=_QUALITY)
        Path(name).replace(target)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
