"""The compositional suite: does a model prefer what is true of a picture to what is nearly true?

The idea of a true caption against a foil is that of ARO (arXiv:2210.01936) and SugarCrepe (arXiv:2306.14610); here
pictures are drawn, so that the truth of both captions is known.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.evaluation.compose_cases import SEED, SIDE, SPLITS, ComposeCase, compose_cases
from mmsearch.evaluation.retrieval import TIE
from mmsearch.scenes import Allow, FoilKind
from mmsearch.scenes.describing import LANGUAGES
from mmsearch.types import Ids, Progress

if TYPE_CHECKING:
    from mmsearch.rerankers.base import Reranker

CHANCE = 0.5
COUNT = 200  # scenes of a kind and split: an interval of ±3 points at 95 %
_CHUNK = 16  # pictures scored at a time
_Z = 1.959964  # of a normal distribution, 95 % lie within so many standard deviations

PairScorer: TypeAlias = Callable[[Sequence[Image.Image], Sequence[str]], NDArray[np.float32]]
"""Says how well picture i matches text i, (n,); a picture may come several times, then as the same object."""

_Won: TypeAlias = dict[tuple[FoilKind, str, Allow], list[bool]]  # whether the true caption won, scene by scene


@dataclass(frozen=True, slots=True)
class PairAccuracy:
    """In how many scenes the true caption scored higher than the foil."""

    kind: FoilKind | None  # None: all kinds together
    language: str | None  # None: both together
    split: Allow | None  # seen or held-out combinations; None: both together
    pairs: int
    accuracy: float  # 0…1; chance is 0.5
    interval: tuple[float, float]  # 95 % (Wilson)


@dataclass(frozen=True, slots=True)
class ComposeReport:
    """What the suite found of one scorer."""

    scorer: str  # such as "encoder bundled"
    seed: int
    count: int  # scenes of each kind and split
    accuracies: tuple[PairAccuracy, ...]  # by kind, then language, then split
    kinds: tuple[PairAccuracy, ...]  # one for each, over languages and splits
    totals: tuple[PairAccuracy, ...]  # over all kinds, by language and split
    overall: PairAccuracy

    @property
    def worst(self) -> PairAccuracy:
        """The kind with the lowest accuracy over languages and splits."""
        return min(self.kinds, key=lambda each: each.accuracy)

    @property
    def worst_cell(self) -> PairAccuracy:
        """The kind, language and split with the lowest accuracy; of so many, one is low by chance."""
        return min(self.accuracies, key=lambda each: each.accuracy)


def encoder_scorer(encoder: DualEncoder) -> PairScorer:
    """Return what scores pairs by the cosine of an encoder's vectors."""

    def score(pictures: Sequence[Image.Image], texts: Sequence[str]) -> NDArray[np.float32]:
        distinct, at = _distinct(pictures)
        images = encoder.encode_images(distinct)[at]  # (n, dim)
        cosines: NDArray[np.float32] = np.einsum("nd,nd->n", images, encoder.encode_texts(texts))
        return cosines

    return score


def reranker_scorer(reranker: "Reranker") -> PairScorer:
    """Return what scores pairs by the log-odds that a re-ranker gives."""

    def score(pictures: Sequence[Image.Image], texts: Sequence[str]) -> NDArray[np.float32]:
        distinct, at = _distinct(pictures)
        return reranker.score(texts, reranker.prepare(distinct)[at])

    return score


def compose_suite(
    score: PairScorer,
    *,
    scorer: str,
    count: int = COUNT,
    seed: int = SEED,
    side: int = SIDE,
    progress: Callable[[Progress], None] | None = None,
) -> ComposeReport:
    """Measure how often a scorer puts a true caption above its foil, by kind of foil, language and split.

    A tie is an error: scores that differ by no more than rounding do not tell the captions apart.

    Args:
        score: Scores pairs of a picture and a text.
        scorer: Named in the report.
        count: Scenes for each kind of foil and each split.
        seed: Equal seeds give equal scenes.
        side: Width and height of the pictures in pixels.
        progress: Called after every few scenes.

    Raises:
        BadInput: If `count` is less than one.
    """
    right: _Won = {}
    cases = compose_cases(count, seed, side)
    total, done = count * len(FoilKind) * len(SPLITS), 0
    while chunk := list(islice(cases, _CHUNK)):
        for case, language, won in _outcomes(score, chunk):
            right.setdefault((case.kind, language, case.split), []).append(won)
        done += len(chunk)
        if progress is not None:
            progress(Progress(f"pairs, {scorer}", done, total, skipped=0, rate=0.0, seconds_left=None))
    return ComposeReport(
        scorer,
        seed,
        count,
        accuracies=tuple(
            _accuracy(right, kind, language, split) for kind in FoilKind for language in LANGUAGES for split in SPLITS
        ),
        kinds=tuple(_accuracy(right, kind) for kind in FoilKind),
        totals=tuple(_accuracy(right, None, language, split) for language in LANGUAGES for split in SPLITS),
        overall=_accuracy(right),
    )


def wilson_interval(hits: int, trials: int) -> tuple[float, float]:
    """Return the 95 % score interval of a share (Wilson, JASA 1927); unlike a bootstrap, it holds at 0 and 100 %."""
    share, square = hits / trials, _Z * _Z
    middle = (share + square / (2 * trials)) / (1 + square / trials)
    half = _Z / (1 + square / trials) * math.sqrt(share * (1 - share) / trials + square / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


def _outcomes(score: PairScorer, cases: Sequence[ComposeCase]) -> Iterator[tuple[ComposeCase, str, bool]]:
    """Yield whether the true caption won, for each case and language."""
    asked = [(case, language) for case in cases for language in LANGUAGES]
    texts = [text for case, language in asked for text in case.pairs[language]]
    pictures = [case.picture for case, _ in asked for _ in range(2)]
    scores = score(pictures, texts).reshape(-1, 2)  # (asked, true and false)
    for (case, language), (true, false) in zip(asked, scores.tolist(), strict=True):
        yield case, language, bool(true - false > TIE)


def _accuracy(
    right: _Won, kind: FoilKind | None = None, language: str | None = None, split: Allow | None = None
) -> PairAccuracy:
    """Return the accuracy over what was asked of that kind, language and split; None takes all of them."""
    asked = (kind, language, split)
    won = [
        each
        for key, some in right.items()
        if all(wanted in (None, own) for wanted, own in zip(asked, key, strict=True))
        for each in some
    ]
    return PairAccuracy(kind, language, split, len(won), sum(won) / len(won), wilson_interval(sum(won), len(won)))


def _distinct(pictures: Sequence[Image.Image]) -> tuple[list[Image.Image], Ids]:
    """Return each picture object once, and which of them stands at each place, (n,)."""
    place: dict[int, int] = {}
    at = [place.setdefault(id(picture), len(place)) for picture in pictures]
    first = {id(picture): picture for picture in pictures}
    return [first[key] for key in place], np.array(at, np.int64)
