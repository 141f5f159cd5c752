"""Cleans the words of strangers and tells their language where that is certain."""

import re
import unicodedata

from mmsearch.collection.limits import MAX_BODY, MAX_CAPTION
from mmsearch.types import Text

# Control characters but tab and newline, lone surrogates (they cannot be stored as UTF-8), the
# controls that reverse the writing direction, byte order marks and non-characters; and what nobody
# sees and no word needs: zero-width blanks, invisible operators, annotations, tags.
_UNWANTED = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff"
    "\u00ad\u200b\u2060-\u2065\u206a-\u206f\ufff9-\ufffb\U000e0000-\U000e007f]"
)
# Joiners and marks belong to words, but not in floods that hide or overwrite what is around them.
_MARKS = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff]"
_FLOOD = re.compile(f"([\u200c-\u200f])[\u200c-\u200f]+|({_MARKS}{{4}}){_MARKS}+")
_BLANK_LINES = re.compile(r"\n\s*\n\s*")
_BLANKS = re.compile(r"[^\S\n]+")
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af]")
_KANA = re.compile("[\u3040-\u30ff]")
_HANGUL = re.compile("[\u1100-\u11ff\uac00-\ud7a3]")


def clean_line(text: str, limit: int = MAX_CAPTION) -> str:
    """Return `text` on one line, NFC, without control characters, at most `limit` characters long."""
    return " ".join(_cleaned(text, limit).split())[:limit].rstrip()


def clean_body(text: str, limit: int = MAX_BODY) -> str:
    """Return `text` with its lines kept, otherwise cleaned like `clean_line`."""
    kept = _BLANKS.sub(" ", _cleaned(text, limit))
    return _BLANK_LINES.sub("\n\n", kept).strip()[:limit].rstrip()


def _cleaned(text: str, limit: int) -> str:
    """Drop unwanted characters from as much of `text` as can matter."""
    line_ends = text[: 4 * limit].replace("\r\n", "\n").replace("\r", "\n")
    return unicodedata.normalize("NFC", _FLOOD.sub(r"\1\2", _UNWANTED.sub("", line_ends)))


def language_of(text: str) -> str | None:
    """Return the language where the script settles it: kana "ja", Hangul "ko", else Han "zh"; otherwise None."""
    if text.isascii():
        return None
    if _KANA.search(text):
        return "ja"
    if _HANGUL.search(text):
        return "ko"
    return "zh" if _HAN.search(text) else None


def as_text(text: str, language: str | None = None, kind: str = "caption") -> Text | None:
    """Return a cleaned text, or None if nothing is left of it."""
    line = clean_line(text)
    return Text(line, language or language_of(line), kind) if line else None
