"""Short texts as people type them into a search: the things that captions of a picture name."""

import re
from collections.abc import Sequence
from functools import lru_cache

from mmsearch.grammar import PhraseKind, language_of, parse_query, words_in
from mmsearch.scenes.colours import COLOURS

MOST = 3  # words of a phrase
_AGREED = 2  # captions of a picture that must use the words of a phrase: what only one mentions may hardly be seen
_EMPTY = frozenset(  # words that say nothing about a picture
    re.findall(
        r"\w+",
        "a an the this that these those some any of and or in on at with to from by for as is are be up its his her "
        "their it he she they him them one other another each something someone very",
    )
)
_WORD = re.compile(r"[a-z]+")
_COUNTED = re.compile(
    r"^(?:[一两二三四五几2-5]|许多|很多|好几)?(?:[只个条名位群头匹辆张块棵把些件座艘架]|(?<=[一两二三四五几])对)?"
)


@lru_cache(4096)  # the same pictures come again
def phrases_of(captions: tuple[str, ...]) -> tuple[str, ...]:
    """Return what captions of one picture in one language name, each with its determiner and without it.

    Only what at least two of them agree on, in words that tell more than a colour, in the order of the captions.
    """
    found = dict[str, None]()
    for caption in captions:
        for phrase in parse_query(caption).phrases:
            text = phrase.text.lower()
            if phrase.kind is PhraseKind.THING and words_in(text) <= MOST and _agreed(captions, text):
                found |= dict.fromkeys((text, bare(text)))
    return tuple(found)


def _agreed(captions: Sequence[str], phrase: str) -> bool:
    return telling(phrase) and sum(names((each,), phrase) for each in captions) >= _AGREED


def names(captions: Sequence[str], phrase: str) -> bool:
    """Return whether one of the captions uses all the words of a phrase, in the singular or the plural."""
    if language_of(phrase) == "zh":
        return any(bare(phrase) in caption for caption in captions)
    wanted = _content(phrase)
    return any(wanted <= _content(caption) for caption in captions)


def telling(phrase: str) -> bool:
    """Return whether a phrase says more than a colour or a number."""
    if language_of(phrase) == "zh":
        return bare(phrase).removesuffix("色") not in {"", *(colour.zh for colour in COLOURS.values())}
    return bool(_content(phrase) - COLOURS.keys())


def bare(phrase: str) -> str:
    """Return a phrase without what determines or counts it: "dog" of "a dog", 狗 of 一只狗."""
    if language_of(phrase) == "zh":
        return _COUNTED.sub("", phrase) or phrase
    return re.sub(r"^(?:an?|the|his|her|its|their|some)\s+", "", phrase)


@lru_cache(65_536)
def _content(text: str) -> frozenset[str]:
    return frozenset(_singular(word) for word in _WORD.findall(text.lower()) if word not in _EMPTY)


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
