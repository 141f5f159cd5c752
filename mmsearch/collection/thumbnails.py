"""Makes small JPEGs for galleries."""

import os
import tempfile
from pathlib import Path

from PIL import Image

from mmsearch.collection.known_picture import load_known_picture
from mmsearch.errors import MmsearchError

_QUALITY = 82  # JPEG, 1 to 95


def make_thumbnail(
    path: Path,
    target: Path,
    *,
    side: int,
    max_pixels: int,
    max_seconds: float | None = None,
    expected: str | None = None,
) -> None:
    """Write the picture at `path` as a JPEG whose longer side is at most `side` pixels.

    A reader of `target` sees all of it or nothing, whatever happens and however many write at once.

    Args:
        path: The picture.
        target: The thumbnail.
        side: Pixels of its longer side at most.
        max_pixels: A picture of more is refused.
        max_seconds: A picture that takes longer is refused.
        expected: Content hash of the picture; see `load_known_picture`.

    Raises:
        BadPicture: If the picture cannot be read, or is not the expected one any more.
        MmsearchError: If the thumbnail cannot be written.
    """
    image = load_known_picture(path, side=side, max_pixels=max_pixels, max_seconds=max_seconds, expected=expected)
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
