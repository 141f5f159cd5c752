"""Takes queries apart: what they want, what they rule out, and the phrases that can be checked one by one."""

from mmsearch.grammar import chinese, english
from mmsearch.grammar.base import ParsedQuery, Phrase, PhraseKind
from mmsearch.grammar.language import is_phrase, language_of, words_in

__all__ = ["ParsedQuery", "Phrase", "PhraseKind", "is_phrase", "language_of", "parse_query", "words_in"]


def parse_query(text: str) -> ParsedQuery:
    """Take a query in English or Chinese apart; where nothing in it is understood, it stays whole."""
    parse = chinese.parse if language_of(text) == "zh" else english.parse
    return parse(text.strip())
