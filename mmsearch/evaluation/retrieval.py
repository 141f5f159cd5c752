"""Retrieval of pictures by texts and of texts by pictures, measured by exact search."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import BadInput
from mmsearch.evaluation.metrics import summarise
from mmsearch.evaluation.report import EvaluationReport
from mmsearch.types import Ids, Vectors

BLOCK = 16_000_000  # scores in memory at a time: 64 MB of float32
TIE = np.float32(1e-6)  # inner products of unit vectors closer than this differ by rounding alone


def evaluate_retrieval(
    images: Vectors,
    texts: Vectors,
    owner: Ids,
    *,
    encoder: str | None = None,
    dataset: str | None = None,
    language: str | None = None,
) -> EvaluationReport:
    """Measure how well texts find their pictures and pictures their texts.

    Text→image: each text is a query with one relevant picture among all pictures. Image→text: each picture that
    has a text is a query, and all its texts are relevant. Ties are broken pessimistically: of two candidates whose
    scores differ by less than rounding, the irrelevant one comes first, so an encoder that says the same about
    everything scores nothing.

    Args:
        images: (n, dim), unit rows. A picture without a text is a distractor.
        texts: (m, dim), unit rows.
        owner: (m,), the row of `images` that each text describes.
        encoder: Named in the report.
        dataset: Named in the report.
        language: Of the texts, named in the report.

    Raises:
        BadInput: If there is nothing to measure, the shapes disagree, a value is not finite or an owner is no row.
    """
    _check(images, texts, owner)
    counts = np.bincount(owner, minlength=len(images))  # (n,), texts of each picture
    described = np.flatnonzero(counts)
    single = np.ones(len(texts), np.int64)
    by_picture = np.argsort(owner, kind="stable")  # texts, grouped by picture in the order of `described`
    return EvaluationReport(
        text_to_image=summarise(relevant_ranks(texts, images, owner, single), single, owner),
        image_to_text=summarise(
            relevant_ranks(images[described], texts, by_picture, counts[described]), counts[described], described
        ),
        pictures=len(images),
        texts=len(texts),
        encoder=encoder,
        dataset=dataset,
        language=language,
    )


def relevant_ranks(queries: Vectors, candidates: Vectors, relevant: Ids, counts: Ids) -> Ids:
    """Return the ranks, from 1, that the relevant candidates of each query reach, (P,), ascending within a query.

    Args:
        queries: (Q, dim), unit rows.
        candidates: (N, dim), unit rows.
        relevant: (P,), rows of `candidates`, grouped by query.
        counts: (Q,), how many relevant candidates each query has, at least 1.
    """
    ends = np.cumsum(counts)
    ranks = np.empty(len(relevant), np.int64)
    for query, scores in _score_rows(queries, candidates):
        own = slice(ends[query] - counts[query], ends[query])
        ranks[own] = _ranks_in(scores, relevant[own])
    return ranks


def _score_rows(queries: Vectors, candidates: Vectors) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """Yield each query's number and its (N,) scores, multiplying a block of queries at a time."""
    step = max(1, BLOCK // len(candidates))
    for start in range(0, len(queries), step):
        yield from enumerate(queries[start : start + step] @ candidates.T, start)


def _ranks_in(scores: NDArray[np.float32], relevant: Ids) -> Ids:
    """Return the ranks of the relevant among (N,) scores, best first, irrelevant ones winning every tie."""
    floors = np.sort(scores[relevant]) - TIE  # (R,), ascending
    irrelevant_ahead = _above(scores, floors) - _above(scores[relevant], floors)
    return irrelevant_ahead + np.arange(1, len(relevant) + 1)


def _above(scores: NDArray[np.float32], floors: NDArray[np.float32]) -> Ids:
    """Return how many scores lie above each of the ascending floors, highest floor first, (R,)."""
    passed = np.searchsorted(floors, scores[scores > floors[0]], side="left")  # floors below each score, 1…R
    return np.bincount(passed, minlength=len(floors) + 1)[:0:-1].cumsum()


def _check(images: Vectors, texts: Vectors, owner: Ids) -> None:
    """Refuse what cannot be measured."""
    for name, vectors in (("pictures", images), ("texts", texts)):
        if vectors.ndim != 2 or 0 in vectors.shape:
            raise BadInput(f"There are no {name} to evaluate: their vectors have shape {vectors.shape}.")
        if not np.isfinite(vectors).all():
            row = int(np.flatnonzero(~np.isfinite(vectors).all(axis=1))[0])
            raise BadInput(f"The vectors of the {name} hold NaN or infinity, first in row {row}; encode them again.")
    if images.shape[1] != texts.shape[1]:
        raise BadInput(
            f"Pictures have vectors of {images.shape[1]} numbers, texts of {texts.shape[1]}; use one encoder for both."
        )
    if owner.shape != (len(texts),) or not np.issubdtype(owner.dtype, np.integer):
        raise BadInput(f"Each of the {len(texts)} texts needs the row of its picture; got {owner.dtype} {owner.shape}.")
    if owner.min() < 0 or owner.max() >= len(images):
        wrong = int(owner[(owner < 0) | (owner >= len(images))][0])
        raise BadInput(f"A text belongs to picture {wrong}, but the pictures are numbered 0 to {len(images) - 1}.")
