"""Where the phrases of a query stand in it."""

import re

from mmsearch.grammar.base import ParsedQuery, Phrase, PhraseKind

MOST = 12  # phrases of a text that are told apart; the rest of a long one is left out


def phrases_of(query: ParsedQuery) -> tuple[tuple[Phrase, tuple[int, int] | None], ...]:
    """Return the phrases of a query, at least one, each with where it stands in `query.text`.

    A query that is a single phrase is that phrase. Where the query says something in other words ("nobody" excludes
    people), the place is None.
    """
    phrases = query.phrases or (Phrase(query.text),)
    after: dict[PhraseKind, int] = {}  # things, relations and what is excluded overlap, each kind goes left to right
    found = []
    for phrase in phrases[:MOST]:
        span = _find(query.text, phrase.text, after.get(phrase.kind, 0))
        if span is not None:
            after[phrase.kind] = span[1] if phrase.kind is PhraseKind.THING else span[0] + 1
        found.append((phrase, span))
    return tuple(found)


def _find(text: str, phrase: str, start: int) -> tuple[int, int] | None:
    """Return where a phrase stands, from `start` on if it stands there, with any blanks between its words."""
    words = r"\s*".join(map(re.escape, phrase.split()))
    whole = re.compile(rf"(?<![^\W_]){words}(?![^\W_])" if phrase.isascii() else words)
    found = whole.search(text, start) or whole.search(text)
    return found.span() if found else None
