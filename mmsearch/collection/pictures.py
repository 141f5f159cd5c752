"""Decodes pictures: cheaply, safely, upright and in RGB."""

from pathlib import Path
from typing import TypeAlias

from PIL import Image, ImageFile

from mmsearch.collection.colours import to_rgb
from mmsearch.collection.deadline import Deadline
from mmsearch.collection.exif import Exif, read_exif
from mmsearch.collection.formats import DECODE_ERRORS, damaged, open_picture, opener_of
from mmsearch.collection.found import LoadedPicture, PictureFacts
from mmsearch.collection.limits import MAX_FILE_BYTES, MAX_PICTURE_ASPECT
from mmsearch.collection.opening import read_file
from mmsearch.collection.profiles import profile_of, to_srgb
from mmsearch.collection.reasons import Reason
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
# Bytes of a progressive JPEG between two looks at the clock. Each may hold a pass over the whole
# picture in a dozen bytes, so that Pillow's own 64 kB can keep a decoder busy for minutes.
_PROGRESSIVE_BLOCK = 1024


def read_picture_file(path: Path, *, base: Path | None = None, deadline: Deadline | None = None) -> bytes:
    """Return the bytes of a picture file; of one that is no picture, no more than its beginning is read.

    Args:
        path: The file.
        base: Refuse what lies elsewhere than below this folder, links followed.
        deadline: When to give up.

    Raises:
        OSError: If it cannot be read.
        SourceError: If it is no regular file, or leads out of `base`.
        BadPicture: If it is no picture, too large or takes too long.
    """
    data = read_file(path, MAX_FILE_BYTES + 1, base=base, deadline=deadline, look=opener_of)
    if len(data) > MAX_FILE_BYTES:
        raise BadPicture(Reason.TOO_HEAVY.format(f"{MAX_FILE_BYTES / 1e9:.1f}"))
    return data


def load_picture(data: bytes, *, side: int, max_pixels: int, max_seconds: float | None = None) -> LoadedPicture:
    """Decode a picture no larger than needed.

    A JPEG is decoded at 1/2, 1/4 or 1/8 where that suffices, and a picture of any format that is still
    far larger is averaged down. An embedded colour profile other than sRGB is applied. Of an animation the
    first frame counts. Safe to call from several threads.

    Args:
        data: The file.
        side: Pixels that the shorter side of the result has at least, if the original has; only where
            the longer side would exceed `MAX_PICTURE_ASPECT` times that, it gives way.
        max_pixels: A picture of more is refused from its header, before anything is decoded.
        max_seconds: A picture that takes longer is refused. Decoders that take their input in one piece (WebP,
            AVIF, compressed TIFF) cannot be interrupted: only `max_pixels` bounds them.

    Raises:
        BadPicture: With the reason: empty, no picture, damaged, cut short, too large or too slow.
    """
    deadline = Deadline(max_seconds)
    picture = open_picture(data, deadline)
    size = picture.size
    _check_size(size, max_pixels)
    try:
        image = _decoded(picture, side)
        exif = read_exif(picture)  # after the pixels: a PNG may hold it behind them, and a TIFF is then upright
    except DECODE_ERRORS as error:
        raise damaged(error) from error
    deadline.check()
    if exif.orientation in _TURNS:
        image = image.transpose(_TURNS[exif.orientation])
    return LoadedPicture(*_upright(size, exif), exif.taken_at, exif.texts, image)


def inspect_picture(data: bytes, *, max_pixels: int, max_seconds: float | None = None) -> PictureFacts:
    """Return what `load_picture` says about a picture, decoding it only where its format hides EXIF data behind pixels.

    Args:
        data: The file, known to be sound.
        max_pixels: A picture of more is refused.
        max_seconds: A picture that takes longer is refused.

    Raises:
        BadPicture: With the reason.
    """
    picture = open_picture(data, Deadline(max_seconds))
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
        raise BadPicture(Reason.NO_PIXELS.format(width, height))
    if width * height > max_pixels:
        raise BadPicture(Reason.TOO_LARGE.format(width, height, f"{max_pixels:,}"))


def _decoded(picture: ImageFile.ImageFile, side: int) -> Image.Image:
    """Return the pixels in sRGB, reduced but not turned; they share nothing with the file's bytes."""
    picture.draft("RGB", (side, side))  # does something for JPEG only
    if "progressive" in picture.info:
        picture.decodermaxblock = _PROGRESSIVE_BLOCK
    picture.load()
    factor = _reduction(picture.size, side)
    if profile := profile_of(picture):
        small = picture.reduce(factor) if factor > 1 else picture.copy()
        return to_srgb(small, profile) or to_rgb(small)
    return to_rgb(picture, factor)


def _reduction(size: Size, side: int) -> int:
    """Return how many pixels of a row to average into one.

    Twice the wanted side stays, so that what the encoder's own resampling sees is hardly changed.
    """
    return max(1, min(size) // (2 * side), -(-max(size) // (MAX_PICTURE_ASPECT * side)))
