"""Takes English queries apart: "a dog on the grass without a leash" wants "a dog on the grass" and no "leash"."""

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from mmsearch.grammar.base import ParsedQuery, Phrase, PhraseKind


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_WORD = re.compile(r"[^\W_]+(?:['’\-][^\W_]+)*|[,;:.!?]")
_HYPHENED = re.compile(r"(?<!\S)[-−](?=\w)")  # "dog -leash", as search engines take it
_PUNCTUATION = frozenset(",;:.!?")
_DETERMINERS = _words("a an the any some single")
_HAVING = _words("want need have contain show include see showing having")  # "does not have wheels"
_NOBODY = frozenset({"nobody", "noone"})
_SIGNS = _words("entry parking smoking exit trespassing swimming")  # "a no parking sign" is one
_GENERIC = _words(
    "picture pictures image images photo photos photograph photographs scene scenes drawing drawings illustration "
    "cartoon view shot something anything"
)
# Words that lead to an exclusion and leave with it: "dogs, but there are no cats" wants "dogs".
_LEADS = _words(
    "but and with there is are was were has have having that which who where it contains showing do does i we"
)
_PRONOUNS = _words("it him her them there him sight view")
_RELATIONS = (
    "to the left of", "on the left of", "on the left side of", "left of", "to the right of", "on the right of",
    "on the right side of", "right of", "in front of", "on top of", "next to", "close to", "far from", "higher up than",
    "lower down than", "partly hiding", "partly covering", "partly hidden by", "partly covered by", "away from",
    "above", "below", "under", "underneath", "beneath", "over", "behind", "beside", "between", "inside", "outside",
    "within", "near", "against", "around", "on", "in", "at", "by", "with", "into", "onto", "through", "across",
    "along", "from", "during", "to", "for", "holding", "wearing", "riding", "carrying",
)  # fmt: skip
_RELATION = re.compile(r"\b(?:" + "|".join(sorted(map(re.escape, _RELATIONS), key=len, reverse=True)) + r")\b")
# An excluded thing ends before these; "of" is not among them: "no slices of watermelon".
_ENDS = _words(
    "but in on at by near under over above below behind beside between inside outside with from to through across "
    "along around against during while that which who is are wearing holding riding sitting standing "
    "running next left right"
)
_JOINED = frozenset({"and", "or", "nor"})


def parse(text: str) -> ParsedQuery:
    """Take an English query apart."""
    source = _HYPHENED.sub("without ", text)
    words = list(_WORD.finditer(source))
    gone, excluded = [False] * len(words), list[str]()
    at = 0
    while at < len(words):
        cue = _cue(words, at)
        if cue is None:
            at += 1
            continue
        first, last, denied = cue
        excluded += denied or list(_things(source, words, first, last))
        if _lower(words, last + 1) in _PRONOUNS:  # "with nobody in it"
            last += 2
        start = _lead(words, at)
        gone[start:last] = [True] * (last - start)
        at = max(last, at + 1)
    if not excluded:
        return ParsedQuery(text, "en", text, (), tuple(_phrases(text)))
    wanted = _kept(source, words, gone)
    phrases = [*_phrases(wanted, alone=True), *(Phrase(each, PhraseKind.EXCLUDED) for each in excluded)]
    return ParsedQuery(text, "en", wanted or "a picture", tuple(excluded), tuple(phrases))


def _lower(words: Sequence[re.Match[str]], at: int) -> str:
    return words[at].group().lower().replace("’", "'") if 0 <= at < len(words) else ""


def _cue(words: Sequence[re.Match[str]], at: int) -> tuple[int, int, list[str]] | None:
    """Return where what a word excludes begins and ends, and what that is where it is not said; None if it does not."""
    word, following = _lower(words, at), _lower(words, at + 1)
    if word in _NOBODY or (word == "no" and following == "one"):
        return at + 1, at + 1 + (word == "no"), ["people"]
    if word == "nothing":
        return None
    first = at + 1
    if word in {"without", "lacking", "excluding", "minus"} or (word == "no" and following not in _SIGNS):
        pass
    elif word == "except":
        first += following == "for"
    elif word == "instead" and following == "of":
        first += 1
    elif word == "not" or word.endswith("n't"):
        if following in _HAVING:
            first += 1
        elif following not in {"a", "an", "any", "even"}:
            return _denied(words, at)
    else:
        return None
    while _lower(words, first) in _DETERMINERS | {"even", "no"}:
        first += 1
    last = first
    while last < len(words) and _lower(words, last) not in _ENDS | _PUNCTUATION and not _new_clause(words, last):
        last += 1
    return (first, last, []) if last > first else None


def _new_clause(words: Sequence[re.Match[str]], at: int) -> bool:
    """Return whether "and" or "or" begins something else: "no dogs and with cats"."""
    return _lower(words, at) in _JOINED and _lower(words, at + 1) in _ENDS | {"no", "without", "not"}


def _denied(words: Sequence[re.Match[str]], at: int) -> tuple[int, int, list[str]] | None:
    """Say what "a cat that is not black" denies: that it is "a cat that is black"."""
    last = at + 1
    while last < len(words) and _lower(words, last) not in {"but", "and", *_PUNCTUATION}:
        last += 1
    if last == at + 1 or at == 0:
        return None
    verb = _lower(words, at)
    verb = verb[:-3] if verb.endswith("n't") and verb != "can't" else ""
    said = [words[i].group() for i in range(at)] + [verb] + [words[i].group() for i in range(at + 1, last)]
    return at + 1, last, [" ".join(filter(None, said))]


def _lead(words: Sequence[re.Match[str]], at: int) -> int:
    """Return where the words begin that lead to the one that excludes."""
    while _lower(words, at - 1) in _LEADS | _PUNCTUATION:
        at -= 1
    return at


def _things(source: str, words: Sequence[re.Match[str]], first: int, last: int) -> Iterator[str]:
    """Yield the things that some words name: "hats or scarves" are two."""
    start = first
    for at in range(first, last + 1):
        if at == last or _lower(words, at) in _JOINED:
            while start < at and _lower(words, start) in _DETERMINERS:
                start += 1
            if start < at:
                yield source[words[start].start() : words[at - 1].end()]
            start = at + 1


def _kept(source: str, words: Sequence[re.Match[str]], gone: Sequence[bool]) -> str:
    """Return the words that are left, without marks and conjunctions at either end; nothing if they say nothing."""
    left = [word.group() for word, lost in zip(words, gone, strict=True) if not lost]
    while left and left[0].lower() in _PUNCTUATION | _ENDS | {"and"}:
        left.pop(0)
    while left and left[-1].lower() in _PUNCTUATION | _LEADS:
        left.pop()
    telling = [each for each in left if each.lower() not in _DETERMINERS | _GENERIC | {"of", "there", "is", "are"}]
    return re.sub(r" ([,;:.!?])", r"\1", " ".join(left)) if telling else ""


def _phrases(text: str, *, alone: bool = False) -> Iterator[Phrase]:
    """Yield the things of a text, and each relation between neighbours; of a single thing nothing unless `alone`."""
    things, spans, at = list[str](), list[tuple[int, int]](), 0
    lowered = text.lower()
    for found in [*_RELATION.finditer(lowered), None]:
        end = found.start() if found else len(text)
        for thing, start, stop in _chunks(text, at, end):
            things.append(thing)
            spans.append((start, stop))
        at = found.end() if found else end
    if len(things) > 1 or alone:
        yield from (Phrase(thing) for thing in things)
    for (start, middle), (after, stop) in pairwise(spans):
        if len(things) > 1 and _RELATION.fullmatch(lowered[middle:after].strip()):
            yield Phrase(text[start:stop], PhraseKind.RELATION)


_SPLIT = re.compile(
    r"[,;:.!?]+|\b(?:and|or|but|while|is|are|was|were|there|that|which|who|along|together|also|plus|here|"
    r"you can see|(?:a|an|the|this) (?:" + "|".join(sorted(_GENERIC)) + r")(?: of| shows| showing| with| has)?)\b",
    re.IGNORECASE,
)


def _chunks(text: str, start: int, stop: int) -> Iterator[tuple[str, int, int]]:
    """Yield the things named between two places of a text, with where they stand; "a cup of tea" is one."""
    at = start
    for found in [*_SPLIT.finditer(text, start, stop), None]:
        end = found.start() if found else stop
        chunk = text[at:end]
        stripped = chunk.strip()
        if any(word.lower() not in _DETERMINERS for word in stripped.split()):
            begin = at + len(chunk) - len(chunk.lstrip())
            yield stripped, begin, begin + len(stripped)
        at = found.end() if found else end
