"""Takes queries apart: what they want, what they rule out, and the phrases that can be checked one by one."""

import re

from mmsearch.search.grammar import chinese, english
from mmsearch.search.grammar.base import ParsedQuery, Phrase, PhraseKind

__all__ = ["ParsedQuery", "Phrase", "PhraseKind", "parse_query"]

_CHINESE = re.compile(r"[\u3400-\u9fff]")


def parse_query(text: str) -> ParsedQuery:
    """Take a query in English or Chinese apart; where nothing in it is understood, it stays whole."""
    parse = chinese.parse if _CHINESE.search(text) else english.parse
    return parse(text.strip())
