"""Fits how the opinions of a matcher and its encoder are added, on pictures that training did not see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmsearch.encoders.base import DualEncoder
from mmsearch.evaluation.compose_cases import compose_cases
from mmsearch.evaluation.reranking import SHORTLIST, encoder_best
from mmsearch.rerankers.calibration import DRAWN, PHOTO, Calibration, Weights
from mmsearch.rerankers.evidence import PictureTokens
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.rerankers.verdict import nothing_below
from mmsearch.scenes import SceneGenerator
from mmsearch.training.captions import LANGUAGES
from mmsearch.training.folders import open_reduced
from mmsearch.training.measure import DevSet
from mmsearch.types import Ids

QUERIES = 800  # captions a language and set, drawn by lot
SCENES, SEED, SIDE = 300, 52_001, 224  # drawn for this alone
FOILS = 40  # scenes of each kind of foil and each split
# Of the weight of all pairs. By their number it would be .04, and the cosine would hide negations; from .4 on scenes
# are found less often (looked at on other scenes, of seed 99).
FOIL_SHARE = 0.3
_ALONE = Calibration({f"{language} {kind}": Weights(1, 0, 0) for language in LANGUAGES for kind in (PHOTO, DRAWN)})


@dataclass(frozen=True)
class Pairs:
    """Pairs of text and picture with what is said of them, each (n,)."""

    judgements: NDArray[np.float32]
    cosines: NDArray[np.float32]
    matches: NDArray[np.bool_]
    texts: int = 0  # how many, each with equally many pictures; 0 where they have not

    @property
    def scores(self) -> NDArray[np.float32]:
        """Both opinions, (n, 2)."""
        return np.stack([self.judgements, self.cosines], 1)


def fit_calibration(encoder: DualEncoder, matcher: NetworkMatcher, sets: Sequence[DevSet]) -> Calibration:
    """Fit a calibration by logistic regression of matches on both opinions.

    Of each photograph set every second picture asks, so that the others can tell how good the fit is
    (`calibrates`); when nothing matches is learnt from the same captions. Weights for drawn pictures are fitted on
    scenes and on foils, and their bias on scenes alone: true captions and foils are asked as often, which is not so in
    a search.

    Args:
        encoder: Finds what the matcher is asked about.
        matcher: Its own calibration is not used.
        sets: Photographs with captions; none where there are none.
    """
    judge = uncalibrated(matcher)
    rng, weights, nothing = np.random.default_rng(SEED), dict[str, Weights](), dict[str, float]()
    photos = [judge.prepare([open_reduced(each.path, judge.image_side) for each in one.pictures]) for one in sets]
    for language in LANGUAGES:
        parts = [_of_photos(encoder, judge, one, kept, language, rng) for one, kept in zip(sets, photos, strict=True)]
        if found := [part for part in parts if part.matches.any()]:
            weights[f"{language} {PHOTO}"] = own = _fitted(_joined(found))
            nothing[language] = nothing_below([row for part in found for row in _by_text(own, part)])
    scenes = list(SceneGenerator(SIDE, SEED).scenes(SCENES))
    drawn = judge.prepare([scene.picture for scene in scenes])
    foils = _of_foils(encoder, judge)
    for language in LANGUAGES:
        texts = [text for scene in scenes for text in scene.captions[language]]
        owner = np.repeat(np.arange(len(scenes)), [len(scene.captions[language]) for scene in scenes])
        asked = _asked(texts, owner, rng)
        pairs = _shortlists(encoder, judge, drawn, [texts[i] for i in asked], owner[asked])
        shares = _shares(len(pairs.matches), len(foils[language].matches))
        both = _fitted(_joined([pairs, foils[language]]), shares)
        weights[f"{language} {DRAWN}"] = replace(both, bias=_bias(both, pairs))
    apart, apart_bias = _told_apart([kept.vectors for kept in photos], drawn.vectors)
    return Calibration(weights, apart, apart_bias, nothing)


def uncalibrated(matcher: NetworkMatcher) -> NetworkMatcher:
    """Return a matcher that says what its network alone thinks."""
    return NetworkMatcher(matcher.network, name=matcher.name, fingerprint="", calibration=_ALONE)


def calibrates(row: int) -> bool:
    """Return whether captions of the picture in a row of a dev set are calibrated on, and so not measured on."""
    return row % 2 == 0


def _of_photos(
    encoder: DualEncoder,
    judge: NetworkMatcher,
    dev: DevSet,
    kept: PictureTokens,
    language: str,
    rng: np.random.Generator,
) -> Pairs:
    told = [each.in_language(language) if calibrates(row) else () for row, each in enumerate(dev.pictures)]
    owner = np.repeat(np.arange(len(told)), [len(texts) for texts in told])
    texts = [text for some in told for text in some]
    asked = _asked(texts, owner, rng)
    return _shortlists(encoder, judge, kept, [texts[i] for i in asked], owner[asked])


def _asked(texts: Sequence[str], owner: Ids, rng: np.random.Generator) -> Ids:
    """Return which texts ask."""
    return np.sort(rng.permutation(len(texts))[:QUERIES])


def _shortlists(
    encoder: DualEncoder, judge: NetworkMatcher, kept: PictureTokens, texts: Sequence[str], owner: Ids
) -> Pairs:
    """Pair texts with what the encoder finds best for each."""
    if not texts:
        return Pairs(np.empty(0, np.float32), np.empty(0, np.float32), np.empty(0, np.bool_))
    asked, images = encoder.encode_texts(texts), kept.vectors.astype(np.float32)
    best = encoder_best(asked, images, min(SHORTLIST, len(images)))  # (m, size)
    cosines = np.einsum("md,msd->ms", asked, images[best])
    judgements = judge.score([text for text in texts for _ in range(best.shape[1])], kept[best.ravel()])
    return Pairs(judgements, cosines.ravel(), (best == owner[:, None]).ravel(), len(texts))


def _of_foils(encoder: DualEncoder, judge: NetworkMatcher) -> Mapping[str, Pairs]:
    """Pair scenes with a true caption and a foil each."""
    cases = list(compose_cases(FOILS, SEED, SIDE))
    kept = judge.prepare([case.picture for case in cases])
    rows, found = np.repeat(np.arange(len(cases)), 2), dict[str, Pairs]()
    for language in LANGUAGES:
        texts = [text for case in cases for text in case.pairs[language]]
        read = encoder.encode_texts(texts)
        cosines = np.einsum("nd,nd->n", read, kept.vectors[rows].astype(np.float32))
        found[language] = Pairs(judge.score(texts, kept[rows]), cosines, np.tile([True, False], len(cases)))
    return found


def _joined(parts: Sequence[Pairs]) -> Pairs:
    return Pairs(
        np.concatenate([part.judgements for part in parts]),
        np.concatenate([part.cosines for part in parts]),
        np.concatenate([part.matches for part in parts]),
    )


def _shares(pairs: int, foils: int) -> NDArray[np.float64]:
    """Return what each of the pairs, and then of the foils, weighs; all together 1."""
    return np.repeat([(1 - FOIL_SHARE) / pairs, FOIL_SHARE / foils], [pairs, foils])


def _fitted(pairs: Pairs, shares: NDArray[np.float64] | None = None) -> Weights:
    (judgement, cosine), bias = _logistic(pairs.scores, pairs.matches, shares, C=np.inf)
    return Weights(judgement, cosine, bias)


def _by_text(weights: Weights, pairs: Pairs) -> NDArray[np.float32]:
    """Return the log-odds of the shortlist of each text, (m, size), the encoder's best first."""
    return weights.log_odds(pairs.judgements, pairs.cosines).reshape(pairs.texts, -1)


def _bias(weights: Weights, pairs: Pairs) -> float:
    """Return the bias at which as many matches are expected as there are."""
    sums = weights.judgement * pairs.judgements + weights.cosine * pairs.cosines
    grid = np.linspace(-40, 20, 1201)
    expected = [(1 / (1 + np.exp(-(sums + bias).clip(-60, 60)))).mean() for bias in grid]  # rises with the bias
    return float(np.interp(pairs.matches.mean(), expected, grid))


def _told_apart(photos: Sequence[NDArray[np.float16]], drawn: NDArray[np.float16]) -> tuple[tuple[float, ...], float]:
    """Return the weights and the bias that tell drawn pictures from photographs; without photographs none."""
    if not photos:
        return (), 0.0
    vectors = np.concatenate([*photos, drawn]).astype(np.float32)
    kinds = np.arange(len(vectors)) >= len(vectors) - len(drawn)
    weights, bias = _logistic(vectors, kinds, C=10, class_weight="balanced")
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
