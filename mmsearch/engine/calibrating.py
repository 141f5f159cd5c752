"""Fits what a re-ranker says to a captioned collection, so that its probabilities can be believed there."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import BadInput
from mmsearch.evaluation.certainty import area_under_roc, expected_calibration_error
from mmsearch.indexing.progress import Meter
from mmsearch.rerankers.calibration import language_of
from mmsearch.rerankers.fitting import FOLDS, FittedCurve, fit_curve, log_loss
from mmsearch.rerankers.scale import ScoreScale
from mmsearch.rerankers.verdict import nothing_below, probabilities
from mmsearch.search.second_opinion import SecondOpinion
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Ids, Item, Modality, Results

QUERIES = 500  # captions of a language that ask, drawn by lot


@dataclass(frozen=True, slots=True)
class Trust:
    """How far probabilities can be trusted, on captions that were not fitted on."""

    log_loss: float  # nats a pair
    calibration_error: float  # expected, over 15 bins


@dataclass(frozen=True, slots=True)
class LanguageFit:
    """What was fitted to the captions of one language."""

    queries: int  # captions
    pairs: int
    kind: str  # of curve: temperature, platt or isotonic
    before: Trust
    after: Trust
    separation: float  # how often a match scores above another picture of the shortlists (area under the ROC curve)
    nothing_below: float  # probability that any hit matches, below which nothing is said to


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What `calibrate` fitted, by language."""

    collection: str
    encoder: str
    reranker: str
    languages: Mapping[str, LanguageFit]
    file: Path


@dataclass(frozen=True, slots=True)
class _Judged:
    """Captions of a language with what was found for them, (n,) each."""

    scores: NDArray[np.float32]
    matches: NDArray[np.bool_]
    queries: Ids


def captioned_pictures(store: Store, space: VectorSpace, seed: int = 0) -> Mapping[str, list[tuple[str, int]]]:
    """Return captions with the pictures that they describe, by language, `QUERIES` of each at most.

    Args:
        store: Holds them.
        space: Vectors of the pictures.
        seed: Of the lot.
    """
    with_vector = set(store.vectors.all(space)[0].tolist())
    text_ids = store.vectors.all(replace(space, modality=Modality.TEXT))[0].tolist()
    owners, labels = store.read.owners(text_ids), store.read.labels(text_ids)
    captions = [each for each in text_ids if labels[each][0] == "caption" and owners.get(each) in with_vector]
    drawn = np.random.default_rng(seed).permutation(captions)[: 4 * QUERIES].tolist()  # enough for two languages
    items = store.read.items(sorted({owners[each] for each in drawn}))
    words = {text.id: text.text for item in items.values() for text in item.texts}
    found: dict[str, list[tuple[str, int]]] = {}
    for text_id in drawn:
        if text_id in words:  # not one that two files state alike
            found.setdefault(language_of(words[text_id]), []).append((words[text_id], owners[text_id]))
    return {language: some[:QUERIES] for language, some in found.items()}


def fit_scale(
    asked: Mapping[str, Sequence[tuple[str, int]]],
    search: Callable[[str], Results],
    judge: SecondOpinion,
    meter: Meter,
) -> tuple[ScoreScale, Mapping[str, LanguageFit]]:
    """Fit one curve a language to captions that find pictures.

    Of the pictures found for a caption those match that it describes; all others count as no match, though some may
    well be one, so probabilities come out a little low.

    Args:
        asked: Captions and the pictures that they describe, by language.
        search: Finds the `SHORTLIST` best pictures of a caption.
        judge: Whose scores are fitted.
        meter: Told of each caption.

    Raises:
        RerankerError: If the re-ranker reads captions, or fails.
        BadInput: If there are too few captions.
    """
    judge.reranker.must_read(Modality.IMAGE)  # one that reads captions would find the very words that ask
    meter.start("queries", sum(map(len, asked.values())))
    curves, nothing, fits = {}, {}, {}
    for language, captions in asked.items():
        judged = _judged(captions, search, judge, meter)
        if len(np.unique(judged.queries)) < FOLDS or not judged.matches.any():
            continue
        fitted = fit_curve(judged.scores, judged.matches, judged.queries)
        fits[language] = _fit(judged, fitted)
        curves[language], nothing[language] = fitted.curve, fits[language].nothing_below
    if not fits:
        raise BadInput(
            f"A calibration needs at least {FOLDS} captions of one language whose pictures are found; "
            f"there are {sum(map(len, asked.values()))} captions."
        )
    return ScoreScale(curves, nothing), fits


def _judged(
    captions: Sequence[tuple[str, int]], search: Callable[[str], Results], judge: SecondOpinion, meter: Meter
) -> _Judged:
    scores, matches, queries = list[NDArray[np.float32]](), list[bool](), list[int]()
    for number, (words, item_id) in enumerate(captions):
        items = [hit.item for hit in search(words)]
        said = judge.unscaled(words, items)
        read = np.isfinite(said)
        scores.append(said[read])
        matches += [_describes(words, item_id, item) for item, known in zip(items, read, strict=True) if known]
        queries += [number] * int(read.sum())
        meter.step(1)
    return _Judged(np.concatenate(scores), np.array(matches, bool), np.array(queries, np.int64))


def _describes(words: str, item_id: int, item: Item) -> bool:
    return item.id == item_id or any(text.text == words for text in item.texts)


def _fit(judged: _Judged, fitted: FittedCurve) -> LanguageFit:
    starts = np.flatnonzero(np.diff(judged.queries, prepend=-1))  # where each query begins
    return LanguageFit(
        queries=len(starts),
        pairs=len(judged.scores),
        kind=fitted.curve.kind,
        before=_trust(judged.scores, judged.matches),
        after=_trust(fitted.unseen, judged.matches),
        separation=area_under_roc(fitted.unseen[judged.matches], fitted.unseen[~judged.matches]),
        nothing_below=nothing_below(np.split(fitted.unseen, starts[1:])),
    )


def _trust(log_odds: NDArray[np.float32], matches: NDArray[np.bool_]) -> Trust:
    return Trust(log_loss(log_odds, matches), expected_calibration_error(probabilities(log_odds), matches))
