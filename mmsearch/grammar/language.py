"""Which language a text is in, as far as the grammars tell languages apart."""

import re

_HAN = re.compile(r"[\u3400-\u9fff]")
_A_WORD = 2  # Chinese characters
_PHRASE = 3  # words at most


def language_of(text: str) -> str:
    """Return "zh" for a text with Chinese characters, else "en"."""
    return "zh" if _HAN.search(text) else "en"


def words_in(text: str) -> float:
    """Return how many words a text has; two Chinese characters count as one."""
    han = len(_HAN.findall(text))
    return han / _A_WORD if han else float(len(text.split()))


def is_phrase(text: str) -> bool:
    """Return whether a text is so short that it names a thing, of which there may be many, rather than a picture."""
    return words_in(text) <= _PHRASE
