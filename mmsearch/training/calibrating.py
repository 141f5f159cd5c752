"""Fits how the opinions of a matcher and its encoder are added, on pictures that training did not see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmsearch.encoders.base import DualEncoder
from mmsearch.rerankers.calibration import DRAWN, KINDS, PHOTO, PHRASE, Calibration, Weights, spoken_as
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.rerankers.verdict import nothing_below
from mmsearch.training.calibration_pairs import SEED, MixedCollection, Pairs, Shortlists, foils
from mmsearch.training.captions import LANGUAGES
from mmsearch.training.measure import DevSet

# Of the weight of all pairs. By their number it would be .04, and the cosine would hide negations; from .4 on scenes
# are found less often (looked at on other scenes, of seed 99).
FOIL_SHARE = 0.3
_FEWER = 0.2  # share of the other pictures of a shortlist that a smaller collection has
_ALONE = Calibration({f"{language} {kind}": Weights(1, 0, 0) for language in LANGUAGES for kind in KINDS})


def fit_calibration(encoder: DualEncoder, matcher: NetworkMatcher, sets: Sequence[DevSet]) -> Calibration:
    """Fit a calibration by logistic regression of matches on both opinions.

    Captions and phrases ask a collection of photographs and scenes; when nothing matches is learnt from phrases, and
    from captions of photographs. Weights of captions for drawn pictures are fitted on foils too, and their bias
    without: true captions and foils are asked as often, which is not so in a search. That bias heeds what captions of
    photographs find among the scenes alone: beside many photographs no scene is found for them, but in a smaller
    collection some are.

    Args:
        encoder: Finds what the matcher is asked about.
        matcher: Its own calibration is not used.
        sets: Photographs with captions; none where there are none.
    """
    judge = uncalibrated(matcher)
    mixed, foiled = MixedCollection(encoder, judge, sets), foils(encoder, judge)
    weights, asked, asked_briefly = dict[str, Weights](), dict[str, Shortlists](), dict[str, Shortlists]()
    for language in LANGUAGES:
        captions, phrases = (mixed.shortlists(each) for each in (mixed.captions(language), mixed.phrases(language)))
        asked[language], asked_briefly[f"{language} {PHRASE}"] = captions, phrases
        drawn = searched = captions.pairs(drawn=True)
        if mixed.photos:
            searched += mixed.drawings_for(captions.texts.of_photos()).pairs(drawn=True)
        weights |= _if_told(f"{language} {PHOTO}", captions.pairs(drawn=False))
        weights |= _if_told(f"{language} {DRAWN}", drawn, _Foiled(foiled[language], searched))
        for kind in KINDS:
            weights |= _if_told(f"{language} {kind} {PHRASE}", phrases.pairs(kind == DRAWN))
    found = Calibration(weights, *_told_apart(mixed))
    return replace(found, nothing=_nothing(found, mixed, asked | asked_briefly) if sets else {})


def uncalibrated(matcher: NetworkMatcher) -> NetworkMatcher:
    """Return a matcher that says what its network alone thinks."""
    return matcher.calibrated(_ALONE)


@dataclass(frozen=True, slots=True)
class _Foiled:
    """Foils, to be told from true captions, and the pairs among which a match is as frequent as in a search."""

    foils: Pairs
    searched: Pairs


def _if_told(name: str, pairs: Pairs, foiled: _Foiled | None = None) -> dict[str, Weights]:
    """Return the weights of pairs under a name; nothing where no pair matches, or each does."""
    return {name: _fitted(pairs, foiled)} if 0 < pairs.matches.sum() < len(pairs.matches) else {}


def _fitted(pairs: Pairs, foiled: _Foiled | None) -> Weights:
    """Fit weights to pairs, and to foils if there are any."""
    both, shares = (pairs + foiled.foils, _shares(pairs, foiled.foils)) if foiled else (pairs, None)
    (judgement, cosine), bias = _logistic(both.scores, both.matches, shares, C=np.inf)
    found = Weights(judgement, cosine, bias)
    return replace(found, bias=_bias(found, foiled.searched)) if foiled else found


def _shares(pairs: Pairs, foiled: Pairs) -> NDArray[np.float64]:
    """Return what each of the pairs, and then of the foils, weighs; all together 1."""
    sizes = len(pairs.matches), len(foiled.matches)
    return np.repeat([(1 - FOIL_SHARE) / sizes[0], FOIL_SHARE / sizes[1]], sizes)


def _nothing(found: Calibration, mixed: MixedCollection, asked: Mapping[str, Shortlists]) -> dict[str, float]:
    """Return the limits below which nothing matches, by what captions of photographs get that find theirs, and phrases.

    Where others resemble the right picture, what it says of these adds up. So that in a smaller collection nothing is
    missed, most of the others are left out, and all that match but one.

    Args:
        found: Makes log-odds of opinions.
        mixed: The collection that was asked.
        asked: By language and length, as `spoken_as` tells them.
    """
    limits, rng = {}, np.random.default_rng(SEED)
    for spoken, lists in asked.items():
        of_phrases = spoken.endswith(PHRASE)
        log_odds, drawn = mixed.log_odds(lists, found), rng.random(lists.best.shape)
        said_so = np.array([spoken_as(text) == spoken for text in lists.texts.words])
        told = np.flatnonzero(said_so & lists.matches.any(1) & (of_phrases | ~lists.texts.of_scenes)).tolist()
        if told:
            order = drawn - lists.matches  # those that match come first
            kept = (order == order.min(1, keepdims=True)) | (~lists.matches & (drawn < _FEWER))
            limits[spoken] = nothing_below([log_odds[row][kept[row]] for row in told], of_phrases=of_phrases)
    return limits


def _bias(weights: Weights, pairs: Pairs) -> float:
    """Return the bias at which as many matches are expected as there are."""
    sums = weights.judgement * pairs.judgements + weights.cosine * pairs.cosines
    grid = np.linspace(-40, 20, 1201)
    expected = [(1 / (1 + np.exp(-(sums + bias).clip(-60, 60)))).mean() for bias in grid]  # rises with the bias
    return float(np.interp(pairs.matches.mean(), expected, grid))


def _told_apart(mixed: MixedCollection) -> tuple[tuple[float, ...], float]:
    """Return the weights and the bias that tell drawn pictures from photographs; without photographs none."""
    if mixed.drawn.all():
        return (), 0.0
    vectors = mixed.tokens.vectors.astype(np.float32)
    weights, bias = _logistic(vectors, mixed.drawn, C=10, class_weight="balanced")
    return tuple(float(f"{each:.4g}") for each in weights), bias


def _logistic(
    features: NDArray[np.float32],
    labels: NDArray[np.bool_],
    shares: NDArray[np.float64] | None = None,
    **settings: object,
) -> tuple[list[float], float]:
    """Return weights and bias of a logistic regression."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it has no annotations

    fit = LogisticRegression(max_iter=1000, **settings).fit(features, labels, shares)
    return fit.coef_[0].tolist(), float(fit.intercept_[0])
