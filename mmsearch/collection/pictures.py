"""Decodes pictures: cheaply, safely, upright and in RGB."""

from typing import TypeAlias

from PIL import Image, ImageFile

from mmsearch.collection.colours import to_rgb
from mmsearch.collection.exif import Exif, read_exif
from mmsearch.collection.formats import DECODE_ERRORS, damaged, open_picture
from mmsearch.collection.found import LoadedPicture, PictureFacts
from mmsearch.collection.limits import MAX_PICTURE_ASPECT
from mmsearch.errors import BadPicture

Size: TypeAlias = tuple[int, int]  # width and height in pixels
_EXIF_BEHIND_PIXELS = ("PNG", "TIFF")
_SIDEWAYS = (5, 6, 7, 8)  # EXIF orientations that swap width and height
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def load_picture(data: bytes, *, side: int, max_pixels: int) -> LoadedPicture:
    """Decode a picture no larger than needed.

    A JPEG is decoded at 1/2, 1/4 or 1/8 where that suffices, and a picture of any format that is still
    far larger is averaged down. Of an animation the first frame counts. Safe to call from several threads.

    Args:
        data: The file.
        side: Pixels that the shorter side of the result has at least, if the original has; only where
            the longer side would exceed `MAX_PICTURE_ASPECT` times that, it gives way.
        max_pixels: A picture of more is refused from its header, before anything is decoded.

    Raises:
        BadPicture: With the reason: empty, no picture, damaged, cut short or too large.
    """
    picture = open_picture(data)
    size = picture.size
    _check_size(size, max_pixels)
    try:
        image = _decoded(picture, side)
        exif = read_exif(picture)  # after the pixels: a PNG may hold it behind them, and a TIFF is then upright
    except DECODE_ERRORS as error:
        raise damaged(error) from error
    if exif.orientation in _TURNS:
        image = image.transpose(_TURNS[exif.orientation])
    return LoadedPicture(*_upright(size, exif), exif.taken_at, exif.texts, image)


def inspect_picture(data: bytes, *, max_pixels: int) -> PictureFacts:
    """Return what `load_picture` says about a picture, decoding it only where its format hides EXIF data behind pixels.

    Args:
        data: The file, known to be sound.
        max_pixels: A picture of more is refused.

    Raises:
        BadPicture: With the reason.
    """
    picture = open_picture(data)
    size = picture.size
    _check_size(size, max_pixels)
    try:
        if picture.format in _EXIF_BEHIND_PIXELS:
            picture.load()
        exif = read_exif(picture)
    except DECODE_ERRORS as error:
        raise damaged(error) from error
    return PictureFacts(*_upright(size, exif), exif.taken_at, exif.texts)


def _upright(size: Size, exif: Exif) -> Size:
    return size[::-1] if exif.orientation in _SIDEWAYS else size


def _check_size(size: Size, max_pixels: int) -> None:
    """Refuse a picture without pixels or with too many."""
    width, height = size
    if width < 1 or height < 1:
        raise BadPicture(f"has no pixels ({width} × {height})")
    if width * height > max_pixels:
        raise BadPicture(f"is too large ({width} × {height} pixels; at most {max_pixels:,} in all are decoded)")


def _decoded(picture: ImageFile.ImageFile, side: int) -> Image.Image:
    """Return the pixels in RGB, reduced but not turned."""
    picture.draft("RGB", (side, side))  # does something for JPEG only
    picture.load()
    image = to_rgb(picture)
    factor = _reduction(image.size, side)
    return image.reduce(factor) if factor > 1 else image.copy()  # the copy lets go of the file's bytes


def _reduction(size: Size, side: int) -> int:
    """Return how many pixels of a row to average into one.

    Twice the wanted side stays, so that what the encoder's own resampling sees is hardly changed.
    """
    return max(min(size) // (2 * side), -(-max(size) // (MAX_PICTURE_ASPECT * side)))
