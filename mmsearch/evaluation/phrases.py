"""Short texts as people type them into a search: the things that captions of a picture name."""

import re
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from mmsearch.grammar import PhraseKind, is_phrase, language_of, parse_query
from mmsearch.scenes.colours import COLOURS

_AGREED = 2  # captions of a picture that must use the words of a phrase: what only one mentions may hardly be seen
_COMMON = 3  # pictures
_TOLD = 0.4  # share of the captions of such a picture
_EMPTY = frozenset(  # words that say nothing about a picture
    re.findall(
        r"\w+",
        "a an the this that these those some any of and or in on at with to from by for as is are be up its his her "
        "their it he she they him them one other another each something someone very",
    )
)
_WORD = re.compile(r"[a-z]+|\d+")
_COUNTED = re.compile(
    r"^(?:[一两二三四五几2-5]|许多|很多|好几)?(?:[只个条名位群头匹辆张块棵把些件座艘架]|(?<=[一两二三四五几])对)?"
)


@lru_cache(4096)  # the same pictures come again
def phrases_of(captions: tuple[str, ...]) -> tuple[str, ...]:
    """Return what at least two captions of a picture agree on, each with its determiner and without it."""
    agreed = (thing for thing in things_of(captions) if sum(names((each,), thing) for each in captions) >= _AGREED)
    return tuple(dict.fromkeys(text for thing in agreed for text in (thing, bare(thing))))


def things_of(captions: Sequence[str]) -> tuple[str, ...]:
    """Return what captions in one language name, if it is short and tells more than a colour, in their order."""
    found = (thing.lower() for caption in captions for thing in _named(caption))
    return tuple(dict.fromkeys(thing for thing in found if is_phrase(thing) and telling(thing)))


def _named(caption: str) -> list[str]:
    phrases = parse_query(caption).phrases  # none where there is nothing to take apart
    return [each.text for each in phrases if each.kind is PhraseKind.THING] if phrases else [caption]


class Captioned:
    """Pictures with captions in one language, of which is asked which ones name a thing.

    Args:
        told: Captions of each picture.
    """

    def __init__(self, told: Sequence[tuple[str, ...]]) -> None:
        self.told = told
        self._owner = np.repeat(np.arange(len(told)), [len(captions) for captions in told])
        self._captions = [caption for captions in told for caption in captions]
        self._using = defaultdict[str, set[int]](set)  # captions by word
        for at, caption in enumerate(self._captions):
            for word in _content(caption):
                self._using[word].add(at)

    def shares(self, phrase: str) -> NDArray[np.float64]:
        """Return which share of the captions of each picture names a thing, (n,)."""
        counts = np.bincount(self._owner[self._naming(phrase)], minlength=len(self.told))
        return counts / np.maximum(1, [len(captions) for captions in self.told])

    def _naming(self, phrase: str) -> list[int]:
        if language_of(phrase) == "zh":
            return [at for at, caption in enumerate(self._captions) if names((caption,), phrase)]
        return sorted(set.intersection(*(self._using[word] for word in _content(phrase))))

    def common(self) -> list[str]:
        """Return phrases that would find some pictures, and whose pictures captions tell well.

        Those that captions of at least three pictures name, and of these two in five of their captions: "a dog" rather
        than "the background", which many more pictures have.
        """
        things = (thing for captions in self.told for thing in things_of(captions))
        found = dict.fromkeys(text for thing in things for text in (thing, bare(thing)))
        return [phrase for phrase in found if _is_common(self.shares(phrase))]


def _is_common(shares: NDArray[np.float64]) -> bool:
    naming = shares[shares > 0]
    return len(naming) >= _COMMON and float(naming.mean()) >= _TOLD


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
    return frozenset(singular(word) for word in _WORD.findall(text.lower()) if word not in _EMPTY)


def singular(word: str) -> str:
    """Return an English word without the s of a plural, as far as that can be told by its letters."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
