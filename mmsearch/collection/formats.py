"""Opens a picture by its first bytes, without decoding it.

`PIL.Image.open` is not used: its limit on pixels and its warnings are settings of the whole
process, and it would try formats that we do not claim to read. The classes that it would
choose from do neither; the caller checks `size` against a limit of its own before `load`.
"""

import re
import struct
import warnings
import zlib
from collections.abc import Callable
from typing import TypeAlias

from PIL import Image, ImageFile
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from mmsearch.collection.deadline import Deadline, TimedBytes
from mmsearch.collection.reasons import Reason
from mmsearch.collection.wording import clean_line
from mmsearch.errors import BadPicture

_MAX_WORDS = 200  # characters of what Pillow says about a damaged picture; it may quote the file
_PILLOW = re.compile(r"PIL\.")  # names of its modules
_Opener: TypeAlias = Callable[[TimedBytes], ImageFile.ImageFile]
# What Pillow's readers have been seen to raise on damaged files.
DECODE_ERRORS = (
    OSError,
    SyntaxError,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    RuntimeError,
    struct.error,
    zlib.error,
    Image.DecompressionBombError,
)
# Opened as its class, a JPEG with further pictures behind it (MPO) is its first picture.
_OPENERS: dict[bytes, _Opener] = {
    b"\xff\xd8\xff": JpegImageFile,
    b"\x89PNG\r\n\x1a\n": PngImageFile,
    b"GIF87a": GifImageFile,
    b"GIF89a": GifImageFile,
    b"BM": BmpImageFile,
    b"II*\0": TiffImageFile,
    b"MM\0*": TiffImageFile,
    b"II+\0": TiffImageFile,
    b"MM\0+": TiffImageFile,
}


def open_picture(data: bytes, deadline: Deadline) -> ImageFile.ImageFile:
    """Return the picture in `data`, its header read, its pixels not; it can be read until the deadline.

    Raises:
        BadPicture: If the data is empty, no picture, damaged at its beginning, or takes too long.
    """
    opener = opener_of(data)
    quieten_pillow()
    try:
        return opener(TimedBytes(data, deadline))
    except DECODE_ERRORS as error:
        raise damaged(error) from error


def damaged(error: BaseException) -> BadPicture:
    """Return the error for a picture that broke while being read."""
    return BadPicture(Reason.DAMAGED.format(clean_line(str(error), _MAX_WORDS) or type(error).__name__))


def quieten_pillow() -> None:
    """Keep Pillow from warning about odd metadata, for good.

    `warnings.catch_warnings` swaps the filters of the whole process and must not be used from several
    threads; one filter for Pillow's own modules, put back in front where it is not, harms nobody.
    """
    if not warnings.filters or warnings.filters[0][3] != _PILLOW:
        warnings.filterwarnings("ignore", module=_PILLOW.pattern)


def opener_of(data: bytes) -> _Opener:
    """Return what opens a file that begins with `data`, of which a dozen bytes are enough.

    Raises:
        BadPicture: If there are none, or they are no picture's.
    """
    if not data:
        raise BadPicture(Reason.EMPTY)
    opener = _opener(data)
    if opener is None:
        raise BadPicture(Reason.NO_PICTURE.format(_shown(data)))
    return opener


def _opener(data: bytes) -> _Opener | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return WebPImageFile
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis", b"mif1"}:
        return AvifImageFile
    return next((opener for start, opener in _OPENERS.items() if data.startswith(start)), None)


def _shown(data: bytes) -> str:
    """Return the first bytes, as characters where they are some."""
    start = data[:12]
    return repr(start.decode()) if start.isascii() and start.decode().isprintable() else start.hex(" ")
