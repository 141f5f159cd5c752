"""Which language a text is in, as far as the grammars tell languages apart."""

import re

_HAN = re.compile(r"[\u3400-\u9fff]")
_A_WORD = 2  # Chinese characters


def language_of(text: str) -> str:
    """Return "zh" for a text with Chinese characters, else "en"."""
    return "zh" if _HAN.search(text) else "en"


def words_in(text: str) -> float:
    """Return how many words a text has; two Chinese characters count as one."""
    han = len(_HAN.findall(text))
    return han / _A_WORD if han else float(len(text.split()))
