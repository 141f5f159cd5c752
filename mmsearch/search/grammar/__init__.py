"""Takes queries apart: what they want, what they rule out, and the phrases that can be checked one by one."""

from mmsearch.rerankers.calibration import language_of
from mmsearch.search.grammar import chinese, english
from mmsearch.search.grammar.base import ParsedQuery, Phrase, PhraseKind

__all__ = ["ParsedQuery", "Phrase", "PhraseKind", "parse_query"]


def parse_query(text: str) -> ParsedQuery:
    """Take a query in English or Chinese apart; where nothing in it is understood, it stays whole."""
    parse = chinese.parse if language_of(text) == "zh" else english.parse
    return parse(text.strip())
