"""Retrieval by an encoder alone, and after a re-ranker has sorted the pictures that it found best anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import BadInput
from mmsearch.evaluation.metrics import Difference, Metrics, paired_difference, summarise
from mmsearch.evaluation.retrieval import BLOCK, relevant_ranks
from mmsearch.types import Ids, Progress, Vectors

if TYPE_CHECKING:
    from mmsearch.rerankers.base import Reranker
    from mmsearch.rerankers.evidence import Evidence

SHORTLIST = 32  # pictures that the encoder finds best and the re-ranker sorts anew
_QUERIES = 16  # texts re-ranked between two reports of progress


@dataclass(frozen=True, slots=True)
class RerankingReport:
    """How well texts find their pictures, before and after re-ranking."""

    encoder: str
    reranker: str
    dataset: str | None
    language: str | None  # of the texts
    pictures: int  # to choose from
    shortlist: int  # pictures re-ranked for each text
    in_shortlist: float  # share of texts whose picture the encoder put there: no re-ranking can do better
    alone: Metrics  # of the encoder, text→image
    reranked: Metrics
    at_1: Difference  # of recall at 1


def evaluate_reranking(
    encoder: DualEncoder,
    reranker: "Reranker",
    images: Vectors,
    tokens: "Evidence",
    captions: Sequence[str],
    owner: Ids,
    *,
    shortlist: int = SHORTLIST,
    limit: int | None = None,
    seed: int = 0,
    dataset: str | None = None,
    language: str | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> RerankingReport:
    """Measure how much more often a caption's own picture comes first once the shortlist was re-ranked.

    What the re-ranker says alone decides the order of the shortlist; pictures of which it says the same stay in the
    encoder's order. The rest of the pictures follow as the encoder has them.

    Args:
        encoder: Finds pictures by cosine.
        reranker: Sorts the encoder's best anew.
        images: (n, dim), the encoder's vectors of the pictures.
        tokens: What the re-ranker keeps of the same pictures.
        captions: Each is a query.
        owner: (m,), the row of `images` that each caption describes.
        shortlist: How many pictures are re-ranked.
        limit: Ask only so many captions, drawn by lot, for a quick look; None for all.
        seed: Of that lot.
        dataset: Named in the report.
        language: Named in the report.
        progress: Called now and then.

    Raises:
        BadInput: If the shortlist is empty, numbers of things that belong together differ, or a score is no number.
    """
    if shortlist < 1 or not len(images) == len(tokens) or not len(captions) == len(owner):
        raise BadInput(
            f"Cannot re-rank {shortlist} pictures a text: {len(images)} vectors and {len(tokens)} pictures, "
            f"{len(captions)} texts and {len(owner)} owners; the shortlist needs one, the others pairs."
        )
    asked = _asked(len(captions), limit, seed)
    captions, owner, size = [captions[i] for i in asked], owner[asked], min(shortlist, len(images))
    texts, single = encoder.encode_texts(captions), np.ones(len(asked), np.int64)
    alone = relevant_ranks(texts, images, owner, single)
    best = encoder_best(texts, images, size)
    order = reranked(reranker, tokens, captions, best, f"re-ranking, {language or 'all'}", progress)
    ranks = ranks_in(order, owner)
    ranks = np.where(ranks > size, np.maximum(alone, ranks), ranks)
    return RerankingReport(
        encoder=encoder.name,
        reranker=reranker.name,
        dataset=dataset,
        language=language,
        pictures=len(images),
        shortlist=size,
        in_shortlist=float((best == owner[:, None]).any(1).mean()),
        alone=summarise(alone, single, owner),
        reranked=summarise(ranks, single, owner),
        at_1=paired_difference(alone == 1, ranks == 1, owner),
    )


def encoder_best(texts: Vectors, images: Vectors, size: int, gone: NDArray[np.bool_] | None = None) -> Ids:
    """Return the pictures that lie nearest to each text, (m, size), best first.

    Args:
        texts: (m, dim), unit vectors.
        images: (n, dim), likewise.
        size: Fewer are returned where a text has fewer.
        gone: (m, n), pictures that are not there for a text; None if all are.
    """
    size = min(size, len(images) if gone is None else int((~gone).sum(axis=1).min()))
    best = np.empty((len(texts), size), np.int64)
    step = max(1, BLOCK // len(images))
    for start in range(0, len(texts), step):
        cosines = texts[start : start + step] @ images.T
        if gone is not None:
            cosines[gone[start : start + step]] = -np.inf
        best[start : start + step] = np.argsort(-cosines, axis=1, kind="stable")[:, :size]
    return best


def reranked(
    reranker: "Reranker",
    tokens: "Evidence",
    captions: Sequence[str],
    best: Ids,
    phase: str,
    progress: Callable[[Progress], None] | None = None,
) -> Ids:
    """Return each shortlist in the re-ranker's order, (m, size); equal scores keep the order they had.

    Args:
        reranker: Scores pairs.
        tokens: Of all pictures.
        captions: One for each shortlist.
        best: (m, size), rows of `tokens`, the encoder's best first.
        phase: Named in the progress.
        progress: Called now and then.

    Raises:
        BadInput: If a score is no number.
    """
    order = np.empty_like(best)
    for start in range(0, len(best), _QUERIES):
        block = best[start : start + _QUERIES]  # (q, size)
        texts = [text for text in captions[start : start + _QUERIES] for _ in range(block.shape[1])]
        scores = reranker.score(texts, tokens[block.ravel()]).reshape(block.shape)  # (q, size)
        if not np.isfinite(scores).all():
            row = int(np.flatnonzero(~np.isfinite(scores).all(1))[0])
            raise BadInput(f"The re-ranker {reranker.name} gives NaN or infinity for {captions[start + row]!r}.")
        places = np.argsort(-scores, axis=1, kind="stable")
        order[start : start + len(block)] = np.take_along_axis(block, places, axis=1)
        if progress is not None:
            progress(Progress(phase, start + len(block), len(best), skipped=0, rate=0.0, seconds_left=None))
    return order


def ranks_in(order: Ids, owner: Ids) -> Ids:
    """Return the rank, from 1, of each text's own picture, (m,); one more than the shortlist if it is not there.

    Args:
        order: (m, size), pictures, best first.
        owner: (m,), the right ones.
    """
    own = order == owner[:, None]  # (m, size)
    ranks: Ids = np.where(own.any(1), own.argmax(1) + 1, order.shape[1] + 1)
    return ranks


def _asked(count: int, limit: int | None, seed: int) -> Ids:
    """Return which captions are asked, ascending."""
    if limit is None or limit >= count:
        return np.arange(count)
    if limit < 1:
        raise BadInput(f"At least one caption must be asked; the limit is {limit}.")
    return np.sort(np.random.default_rng(seed).choice(count, limit, replace=False))
