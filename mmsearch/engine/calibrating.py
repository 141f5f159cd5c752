"""Fits what a re-ranker says to a captioned collection, so that its probabilities can be believed there."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import BadInput
from mmsearch.evaluation.certainty import area_under_roc, expected_calibration_error
from mmsearch.evaluation.phrases import Captioned, names
from mmsearch.grammar import is_phrase, language_of
from mmsearch.indexing.progress import Meter
from mmsearch.rerankers.calibration import PHRASE, spoken_as
from mmsearch.rerankers.fitting import FOLDS, FittedCurve, fit_curve, log_loss
from mmsearch.rerankers.scale import ScoreScale
from mmsearch.rerankers.verdict import nothing_below, probabilities
from mmsearch.search.second_opinion import SecondOpinion
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Ids, Item, Modality, Results

QUERIES = 500  # captions of a language that ask, drawn by lot, and phrases


@dataclass(frozen=True, slots=True)
class Trust:
    """How far probabilities can be trusted, on captions that were not fitted on."""

    log_loss: float  # nats a pair
    calibration_error: float  # expected, over 15 bins


@dataclass(frozen=True, slots=True)
class TextFit:
    """What was fitted to the captions of one language, or to phrases of them."""

    queries: int
    pairs: int
    kind: str  # of curve: temperature, platt or isotonic
    before: Trust
    after: Trust
    separation: float  # how often a match scores above another picture of the shortlists (area under the ROC curve)
    nothing_below: float  # `conviction` below which nothing is said to match


@dataclass(frozen=True, slots=True)
class CalibrationReport:
    """What `calibrate` fitted, by language and length of texts: "en" for captions, "en phrase" for phrases."""

    collection: str
    encoder: str
    reranker: str
    fits: Mapping[str, TextFit]
    file: Path


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that looks for pictures: the caption of one, or a phrase that captions of several share."""

    words: str
    item_id: int | None = None  # of the picture that a caption is of

    def means(self, item: Item) -> bool:
        """Return whether a picture is what it looks for; a phrase looks for all whose captions name it."""
        told = [text.text for text in item.texts]
        return item.id == self.item_id or (names(told, self.words) if is_phrase(self.words) else self.words in told)


@dataclass(frozen=True, slots=True)
class _Judged:
    """Texts with what was found for them, (n,) each."""

    scores: NDArray[np.float32]
    matches: NDArray[np.bool_]
    queries: Ids


def asked_of(store: Store, space: VectorSpace, seed: int = 0) -> Mapping[str, list[Asked]]:
    """Return captions of pictures, and phrases that several of them share, by language and length (`spoken_as`).

    Args:
        store: Holds them.
        space: Vectors of the pictures.
        seed: Of the lot by which `QUERIES` of each are drawn.
    """
    with_vector = set(store.vectors.all(space)[0].tolist())
    text_ids = store.vectors.all(replace(space, modality=Modality.TEXT))[0].tolist()
    owners, labels = store.read.owners(text_ids), store.read.labels(text_ids)
    captions = [each for each in text_ids if labels[each][0] == "caption" and owners.get(each) in with_vector]
    rng = np.random.default_rng(seed)
    drawn = rng.permutation(captions)[: 4 * QUERIES].tolist()  # enough for two languages
    items = store.read.items(sorted({owners[each] for each in drawn}))
    words = {text.id: text.text for item in items.values() for text in item.texts}
    asked, told = defaultdict[str, list[Asked]](list), defaultdict[tuple[str, int], list[str]](list)
    for text_id in drawn:
        if text_id in words:  # not one that two files state alike
            caption, item_id = words[text_id], owners[text_id]
            asked[spoken_as(caption)].append(Asked(caption, item_id))
            told[language_of(caption), item_id].append(caption)
    for language in sorted({spoken for spoken, _ in told}):
        common = Captioned([tuple(some) for (spoken, _), some in told.items() if spoken == language]).common()
        asked[f"{language} {PHRASE}"] += [Asked(phrase) for phrase in rng.permutation(common).tolist()]
    return {spoken: some[:QUERIES] for spoken, some in asked.items() if some}


def fit_scale(
    asked: Mapping[str, Sequence[Asked]],
    search: Callable[[str], Results],
    judge: SecondOpinion,
    meter: Meter,
) -> tuple[ScoreScale, Mapping[str, TextFit]]:
    """Fit curves to captions and phrases that find pictures, one for each language and length.

    Of the pictures found for a caption those match that it describes, and for a phrase those whose captions name it.
    All others count as no match, though some may well be one, so probabilities come out a little low.

    Args:
        asked: Texts by language and length, as `asked_of` returns them.
        search: Finds the `SHORTLIST` best pictures of a text.
        judge: Whose scores are fitted.
        meter: Told of each text.

    Raises:
        RerankerError: If the re-ranker reads captions, or fails.
        BadInput: If there are too few captions.
    """
    judge.reranker.must_read(Modality.IMAGE)  # one that reads captions would find the very words that ask
    meter.start("queries", sum(map(len, asked.values())))
    curves, nothing, fits = {}, {}, {}
    for spoken, texts in asked.items():
        judged = _judged(texts, search, judge, meter)
        if len(np.unique(judged.queries)) < FOLDS or not judged.matches.any() or judged.matches.all():
            continue
        fitted = fit_curve(judged.scores, judged.matches, judged.queries)
        fits[spoken] = _fit(judged, fitted, of_phrases=spoken.endswith(PHRASE))
        curves[spoken], nothing[spoken] = fitted.curve, fits[spoken].nothing_below
    if not fits:
        raise BadInput(
            f"A calibration needs at least {FOLDS} captions of one language whose pictures are found; "
            f"there are {sum(each.item_id is not None for some in asked.values() for each in some)} captions."
        )
    return ScoreScale(curves, nothing), fits


def _judged(texts: Sequence[Asked], search: Callable[[str], Results], judge: SecondOpinion, meter: Meter) -> _Judged:
    scores, matches, queries = list[NDArray[np.float32]](), list[bool](), list[int]()
    for number, asked in enumerate(texts):
        items = [hit.item for hit in search(asked.words)]
        said = judge.unscaled(asked.words, items)
        read = np.isfinite(said)
        scores.append(said[read])
        matches += [asked.means(item) for item, known in zip(items, read, strict=True) if known]
        queries += [number] * int(read.sum())
        meter.step(1)
    return _Judged(np.concatenate(scores), np.array(matches, bool), np.array(queries, np.int64))


def _fit(judged: _Judged, fitted: FittedCurve, *, of_phrases: bool) -> TextFit:
    starts = np.flatnonzero(np.diff(judged.queries, prepend=-1))  # where each query begins
    return TextFit(
        queries=len(starts),
        pairs=len(judged.scores),
        kind=fitted.curve.kind,
        before=_trust(judged.scores, judged.matches),
        after=_trust(fitted.unseen, judged.matches),
        separation=area_under_roc(fitted.unseen[judged.matches], fitted.unseen[~judged.matches]),
        nothing_below=nothing_below(np.split(fitted.unseen, starts[1:]), of_phrases=of_phrases),
    )


def _trust(log_odds: NDArray[np.float32], matches: NDArray[np.bool_]) -> Trust:
    return Trust(log_loss(log_odds, matches), expected_calibration_error(probabilities(log_odds), matches))
