"""Finds where a caption names things and colours, so that these words can be hidden and guessed."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from mmsearch.errors import BadInput, UnknownName
from mmsearch.scenes import chinese, english
from mmsearch.scenes.colours import COLOURS
from mmsearch.scenes.describing import LANGUAGES
from mmsearch.scenes.truth import Mention, Statement
from mmsearch.scenes.vocabulary import FRAME, UNCOUNTED, Thing, vocabulary

_REMEMBERED = 32_768  # phrases; saves most of the work where scenes are described over and over
_STYLES = range(48)  # hold every choice of words that a phrase offers
_NO_EN = ("no ", "any ", "without ")  # what stands before the plural of a thing that is not there
_NO_EN_ONE = "a single "
_NO_ZH = ("没有", "看不到", "不见")


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a caption names a thing or a colour: `caption[start:end]`."""

    start: int
    end: int
    kind: Literal["noun", "colour"]
    thing: str  # name in the vocabulary of what the word names or colours


@dataclass(frozen=True, slots=True)
class _Phrase:
    """One way to say a mention, with the places of its noun and its colour in it."""

    text: str
    noun: tuple[int, int]
    colour: tuple[int, int] | None


def marked(caption: str, statement: Statement, language: str) -> tuple[Mark, ...]:
    """Return where a caption names the things and the colours that its statement claims, from left to right.

    A noun is marked as it stands there, singular or plural, without "pair of"; what is said to be absent counts.
    A Chinese colour is marked without 色.

    Args:
        caption: What `say(statement, language, style)` returns, for any style.
        statement: What the caption claims.
        language: "en" or "zh".

    Raises:
        UnknownName: If there are no words for that language.
        BadInput: If the caption does not say what the statement claims.
    """
    if language not in LANGUAGES:
        raise UnknownName("language of captions", language, LANGUAGES)
    wanted = [(mention.thing, _phrases(mention, language)) for mention in statement.mentions]
    if statement.absent is not None:
        wanted.append((statement.absent, _denials(statement.absent, language)))
    # The longest noun first, lest "dog" be found in "hot dog".
    wanted.sort(key=lambda each: each[1][0].noun[0] - each[1][0].noun[1])
    marks: list[Mark] = []
    taken: list[tuple[int, int]] = []
    for thing, phrases in wanted:
        at, phrase = _found(caption, phrases, taken)
        taken.append((at, at + len(phrase.text)))
        marks.append(Mark(at + phrase.noun[0], at + phrase.noun[1], "noun", thing))
        if phrase.colour:
            marks.append(Mark(at + phrase.colour[0], at + phrase.colour[1], "colour", thing))
    return tuple(sorted(marks, key=lambda mark: mark.start))


def _found(caption: str, phrases: tuple[_Phrase, ...], taken: list[tuple[int, int]]) -> tuple[int, _Phrase]:
    """Return which of the phrases stands in the caption and where, outside of what is taken."""
    for phrase in phrases:
        at = caption.find(phrase.text)
        while at >= 0:
            end = at + len(phrase.text)
            if _whole(caption, at, end) and all(end <= start or at >= stop for start, stop in taken):
                return at, phrase
            at = caption.find(phrase.text, at + 1)
    raise BadInput(f"The caption {caption!r} does not say {phrases[0].text!r}; give the statement that it was made of.")


def _whole(caption: str, start: int, end: int) -> bool:
    """Return whether no English word is cut at either end; Chinese words have no ends to see."""
    before, after = caption[start - 1 : start], caption[end : end + 1]
    return not (_is_letter(before) and _is_letter(caption[start])) and not (
        _is_letter(after) and _is_letter(caption[end - 1])
    )


def _is_letter(char: str) -> bool:
    return char.isascii() and char.isalnum()


@lru_cache(_REMEMBERED)
def _phrases(mention: Mention, language: str) -> tuple[_Phrase, ...]:
    """Return every way in which captions say a mention."""
    return tuple(_english(mention) if language == "en" else _chinese(mention))


def _english(mention: Mention) -> Iterator[_Phrase]:
    thing = vocabulary()[mention.thing]
    noun = _bare(thing.name if mention.count == 1 else thing.many)
    varies = mention.size is not None or mention.count is None
    for text in dict.fromkeys(english.phrase(mention, style) for style in (_STYLES if varies else (0,))):
        start = len(text) - len(noun)
        colour = (start - 1 - len(mention.colour), start - 1) if mention.colour else None
        yield _Phrase(text, (start, len(text)), colour)


def _chinese(mention: Mention) -> Iterator[_Phrase]:
    thing = vocabulary()[mention.thing]
    varies = mention.colour is not None or mention.count is None
    for text in dict.fromkeys(chinese.phrase(mention, style) for style in (_STYLES if varies else (0,))):
        start = len(text) - len(thing.zh)
        colour = None
        if mention.colour:
            word = COLOURS[mention.colour].zh
            at = text.index(thing.measure + word) + len(thing.measure)
            colour = (at, at + len(word))
        yield _Phrase(text, (start, len(text)), colour)
    if mention.thing == FRAME and mention.colour is None:
        yield _Phrase(thing.zh, (0, len(thing.zh)), None)  # 画框里: a frame around something is not counted


@lru_cache(_REMEMBERED)
def _denials(name: str, language: str) -> tuple[_Phrase, ...]:
    """Return every way in which captions say that a thing is not there."""
    thing = vocabulary()[name]
    return tuple(
        _denied(*words) for words in (_english_denials(thing) if language == "en" else _chinese_denials(thing))
    )


def _english_denials(thing: Thing) -> Iterator[tuple[str, str]]:
    """Yield the words up to a noun, and the noun."""
    for noun, starts in ((thing.many, _NO_EN), (thing.name, (_NO_EN_ONE,))):
        bare = _bare(noun)
        yield from ((start + noun[: len(noun) - len(bare)], bare) for start in starts)


def _chinese_denials(thing: Thing) -> Iterator[tuple[str, str]]:
    yield from ((start, thing.zh) for start in (*_NO_ZH, f"一{thing.measure}"))


def _denied(start: str, noun: str) -> _Phrase:
    return _Phrase(start + noun, (len(start), len(start) + len(noun)), None)


def _bare(noun: str) -> str:
    """Return a noun without "pair of": a colour stands after that."""
    head = next((start for start in UNCOUNTED if noun.startswith(start)), "")
    return noun[len(head) :]
