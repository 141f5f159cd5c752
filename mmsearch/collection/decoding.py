"""Turns the bytes of text files into characters."""

import codecs

from mmsearch.collection.reasons import Reason
from mmsearch.errors import SourceError

# UTF-32 is asked before UTF-16, whose little-endian mark begins UTF-32's.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


def decode_text(data: bytes, *, cut: bool = False) -> str:
    """Return the characters: by the byte order mark, else UTF-8, else GB18030, else Windows-1252.

    Args:
        data: A whole file, or its beginning.
        cut: Whether `data` may end within a character.

    Raises:
        SourceError: If it holds NUL bytes, hence is no text, or breaks what its mark promises.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _decoded(data[len(mark) :], encoding, cut)
    if b"\0" in data:
        raise SourceError(Reason.NUL_BYTES)
    for encoding in ("utf-8", "gb18030"):
        try:
            return codecs.getincrementaldecoder(encoding)().decode(data, final=not cut)
        except UnicodeDecodeError:
            continue
    return data.decode("cp1252", "replace")


def _decoded(data: bytes, encoding: str, cut: bool) -> str:
    """Decode what follows a byte order mark."""
    try:
        return codecs.getincrementaldecoder(encoding)().decode(data, final=not cut)
    except UnicodeDecodeError as error:
        raise SourceError(Reason.WRONG_MARK.format(encoding, error.reason)) from error
