"""Fits how the opinions of a matcher and its encoder are added, on pictures that training did not see."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mmsearch.encoders.base import DualEncoder
from mmsearch.rerankers.calibration import DRAWN, KINDS, PHOTO, PHRASE, Calibration, Weights, spoken_as
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.rerankers.verdict import conviction, nothing_below
from mmsearch.training.calibration_pairs import SEED, MixedCollection, Pairs, Shortlists, foils
from mmsearch.training.captions import LANGUAGES
from mmsearch.training.measure import DevSet

# Of the weight of all that is fitted to. The less it is, the better it is told that nothing matches; from .1 on down
# foils are told worse (looked at on other scenes, of seed 99).
FOIL_SHARE = 0.2
_FEWER = 0.2  # share of the other pictures of a shortlist that a smaller collection has
_LOTS = 20  # smaller collections that are drawn for each text
_REFUSED = 1 / 3  # share of phrases without meaning that a limit must refuse to be worth what it refuses in error
_ALONE = Calibration({f"{language} {kind}": Weights(1, 0, 0) for language in LANGUAGES for kind in KINDS})


def fit_calibration(encoder: DualEncoder, matcher: NetworkMatcher, sets: Sequence[DevSet]) -> Calibration:
    """Fit a calibration by logistic regression of matches on both opinions.

    Captions and phrases ask a collection of photographs and scenes; when nothing matches is learnt from phrases, and
    from captions of photographs. Captions of photographs ask the scenes alone besides: beside many photographs no scene
    is found for them, but in a smaller collection some are. Weights of captions for drawn pictures also heed by how
    much a true caption of a scene is above its foil.

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
        drawn = captions.pairs(drawn=True)
        if mixed.photos:
            drawn += mixed.drawings_for(captions.texts.of_photos()).pairs(drawn=True)
        weights |= _if_told(f"{language} {PHOTO}", captions.pairs(drawn=False))
        weights |= _if_told(f"{language} {DRAWN}", drawn, foiled[language])
        for kind in KINDS:
            weights |= _if_told(f"{language} {kind} {PHRASE}", phrases.pairs(kind == DRAWN))
    found = Calibration(weights, *_told_apart(mixed))
    return replace(found, nothing=_nothing(found, mixed, asked | asked_briefly) if sets else {})


def uncalibrated(matcher: NetworkMatcher) -> NetworkMatcher:
    """Return a matcher that says what its network alone thinks."""
    return matcher.calibrated(_ALONE)


def _if_told(name: str, pairs: Pairs, foiled: Pairs | None = None) -> dict[str, Weights]:
    """Return the weights of pairs under a name; nothing where no pair matches, or each does."""
    return {name: _fitted(pairs, foiled)} if 0 < pairs.matches.sum() < len(pairs.matches) else {}


def _fitted(pairs: Pairs, foiled: Pairs | None) -> Weights:
    """Fit weights to pairs, and to foils if there are any.

    Foils join as conditional logistic regression takes matched pairs (Breslow et al. 1978): what counts is by how much
    the true caption of a picture is above its foil. As single pairs they would mislead: half of them match, whatever
    the cosine, which is not so in a search.

    Args:
        pairs: What a search finds.
        foiled: True captions of scenes, each followed by its foil.
    """
    if foiled is None:
        (judgement, cosine), bias = _logistic(pairs.scores, pairs.matches, C=np.inf)
        return Weights(judgement, cosine, bias)
    above = foiled.scores[foiled.matches] - foiled.scores[~foiled.matches]
    above = np.pad(np.concatenate([above, -above]), ((0, 0), (0, 1)))  # (n, 3): a bias cancels out
    found = np.pad(pairs.scores, ((0, 0), (0, 1)), constant_values=1)
    labels = np.concatenate([pairs.matches, np.arange(len(above)) < len(above) // 2])
    sizes = len(found), len(above)
    shares = np.repeat([(1 - FOIL_SHARE) / sizes[0], FOIL_SHARE / sizes[1]], sizes)
    (judgement, cosine, bias), _ = _logistic(
        np.concatenate([found, above]), labels, shares, C=np.inf, fit_intercept=False
    )
    return Weights(judgement, cosine, bias)


def _nothing(found: Calibration, mixed: MixedCollection, asked: Mapping[str, Shortlists]) -> dict[str, float]:
    """Return the limits below which nothing matches, by what captions of photographs get that find theirs, and phrases.

    One for phrases is kept only where it tells: where it refuses some of those without meaning too.

    Args:
        found: Makes log-odds of opinions.
        mixed: The collection that was asked.
        asked: By language and length, as `spoken_as` tells them.
    """
    limits, rng = {}, np.random.default_rng(SEED)
    for spoken, lists in asked.items():
        language, _, length = spoken.partition(" ")
        log_odds, of_phrases = mixed.log_odds(lists, found), length == PHRASE
        said_so = np.array([spoken_as(text) == spoken for text in lists.texts.words])
        told = said_so & lists.matches.any(1) & (of_phrases | ~lists.texts.of_scenes)
        if not told.any():
            continue
        limit = nothing_below(_smaller(log_odds[told], lists.matches[told], rng), of_phrases=of_phrases)
        if of_phrases:
            vain = mixed.shortlists(mixed.nonsense(language))
            said = _smaller(mixed.log_odds(vain, found), vain.matches, rng)
            if np.mean([conviction(each, of_phrase=True) < limit for each in said]) < _REFUSED:
                continue
        limits[spoken] = limit
    return limits


def _smaller(
    log_odds: NDArray[np.float32], matches: NDArray[np.bool_], rng: np.random.Generator
) -> list[NDArray[np.float32]]:
    """Return what smaller collections, drawn by lot, have of shortlists: of those that match one, of the others a few.

    Where others resemble the right picture, what it says of these adds up; in a smaller collection nothing is to be
    missed either.

    Args:
        log_odds: (m, size).
        matches: (m, size).
        rng: Draws the lots.
    """
    lots = np.repeat(np.arange(len(matches)), _LOTS).tolist()
    drawn = rng.random((len(lots), matches.shape[1]))
    order = drawn - matches[lots]  # those that match come first
    kept = np.where(matches[lots], order == order.min(1, keepdims=True), drawn < _FEWER)
    return [log_odds[row][each] for row, each in zip(lots, kept, strict=True)]


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
