"""Reads what cameras and people write into EXIF data: way up, date, description."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from PIL import ExifTags, Image

from mmsearch.collection.formats import DECODE_ERRORS
from mmsearch.collection.wording import as_text
from mmsearch.types import Text

_DATE = re.compile(r"(\d{4})[:/.-](\d\d)[:/.-](\d\d)[ T](\d\d):(\d\d):(\d\d)")
_DATES = (ExifTags.Base.DateTimeOriginal, ExifTags.Base.DateTimeDigitized)
_FIRST_YEAR = 1900
_WINDOWS = (ExifTags.Base.XPTitle, ExifTags.Base.XPSubject, ExifTags.Base.XPComment)  # UTF-16-LE, by the Explorer
_CODES = {b"ASCII\0\0\0": "ascii", b"UNICODE\0": "utf-16", b"\0" * 8: "utf-8"}  # EXIF 2.32, table 9, UserComment
# What cameras and programs write where nobody wrote anything, in lower case.
_DEFAULTS = re.compile(
    r"(?:olympus|minolta|konica minolta|kodak|sony|samsung|nikon|canon|polaroid|vivitar|hp|casio|panasonic|general)?"
    r"\W*(?:imaging|digital|dsc|digimax|camera|pictures?|still|image|\W)*"
    r"|exif[_ ]jpeg[_ ]picture|jpeg[_ ]picture|<digimax.*|<kenox.*|untitled|default|screenshot|sdr|cof|vsco.*"
    r"|processed with .*|creator: .*|charset=.*|file written by .*|created (?:with|by) .*|binary comment"
)


@dataclass(frozen=True, slots=True)
class Exif:
    """What is used of a picture's EXIF data."""

    orientation: int = 1  # EXIF 2.32, tag 274: 1 to 8, 1 is upright
    taken_at: datetime | None = None
    texts: tuple[Text, ...] = ()


def read_exif(picture: Image.Image) -> Exif:
    """Return what the EXIF data of an opened picture says; damaged data says nothing."""
    try:
        base = picture.getexif()
        if not base:
            return Exif()
        detail = base.get_ifd(ExifTags.IFD.Exif)
        tags: dict[int, object] = {**base, **detail}
        return Exif(_orientation(tags), _taken_at(tags), _texts(tags))
    except DECODE_ERRORS:
        return Exif()


def _orientation(tags: Mapping[int, object]) -> int:
    value = tags.get(ExifTags.Base.Orientation)
    return value if isinstance(value, int) and 1 <= value <= 8 else 1


def _taken_at(tags: Mapping[int, object]) -> datetime | None:
    """Return when the shutter opened; the date of the last change to the file does not count."""
    for tag in _DATES:
        found = _DATE.match(str(tags.get(tag, "")).strip())
        if found is None:
            continue
        try:
            taken_at = datetime(*map(int, found.groups()))  # type: ignore[arg-type]  # six numbers by the pattern
        except ValueError:  # a date that no calendar has, such as 0000:00:00
            continue
        if taken_at.year >= _FIRST_YEAR:
            return taken_at
    return None


def _texts(tags: Mapping[int, object]) -> tuple[Text, ...]:
    """Return the descriptions that a person may have written, each once."""
    words = [_from_ascii(tags.get(ExifTags.Base.ImageDescription))]
    words += [_from_windows(tags.get(tag)) for tag in _WINDOWS]
    words.append(_from_comment(tags.get(ExifTags.Base.UserComment)))
    texts = [as_text(word, kind="description") for word in words if _is_human(word)]
    return tuple({text.text: text for text in texts if text}.values())


def _is_human(words: str) -> bool:
    """Whether words are more than a default, a file name, a number or data."""
    stripped = words.strip()
    if sum(character.isalpha() for character in stripped) < 2 or stripped[0] in "{[<":
        return False
    is_name = re.fullmatch(r"\S*[\d_/\\=]\S*", stripped) is not None
    return not is_name and _DEFAULTS.fullmatch(stripped.lower()) is None


def _from_ascii(value: object) -> str:
    """Return an ASCII tag; many programs write UTF-8 there, which Pillow reads as Latin-1."""
    if not isinstance(value, str):
        return ""
    try:
        return value.encode("latin-1").decode("utf-8")
    except UnicodeError:
        return value


def _from_windows(value: object) -> str:
    if isinstance(value, tuple):
        value = bytes(value)
    return value.decode("utf-16-le", "ignore").rstrip("\0") if isinstance(value, bytes) else ""


def _from_comment(value: object) -> str:
    """Return a UserComment, whose first eight bytes name its encoding."""
    if not isinstance(value, bytes):
        return ""
    encoding = _CODES.get(value[:8])
    if encoding is None:
        return ""
    words = value[8:].rstrip(b"\0 ")
    if encoding != "utf-16":
        return words.decode("utf-8", "ignore")
    return _from_utf16(value[8:])


def _from_utf16(data: bytes) -> str:
    """Decode UTF-16 whose byte order is not told: the order that gives fewer odd characters.

    The standard says the order of the EXIF block, programs differ.
    """
    even = data[: len(data) // 2 * 2]
    little, big = (even.decode(order, "ignore").rstrip("\0 ") for order in ("utf-16-le", "utf-16-be"))
    return min(little, big, key=lambda words: sum(_is_odd(character) for character in words))


def _is_odd(character: str) -> bool:
    """Whether a character is outside the scripts that people mostly write in: Latin to Arabic, kana, Han, Hangul."""
    code = ord(character)
    return not (0x20 <= code < 0x0700 or 0x3000 <= code < 0x3100 or 0x4E00 <= code < 0xA000 or 0xAC00 <= code < 0xD7A4)
