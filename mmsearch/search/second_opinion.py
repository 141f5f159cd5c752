"""A second look at what was found, by a model that reads picture and words together."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import RerankerError
from mmsearch.rerankers.base import PictureTokens, Reranker
from mmsearch.search.grammar import ParsedQuery
from mmsearch.types import Hit, Item

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a re-ranker keeps of the pictures of some items."""

    rows: Sequence[int]  # of those items whose picture could be read
    tokens: PictureTokens | None  # of these rows; None if there is none


Look = Callable[[Sequence[Item]], Seen]

BETA, DELTA = 1.0, 0.0  # s⁺ - β · max(0, s⁻ - δ), in log-odds
_FIRST, _MORE = 8, 8  # hits judged before the first news, and between the next ones


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a second opinion may cost."""

    seconds: float = 0.3
    hits: int = 32  # judged at most
    sure: float = 0.95  # stops when one is that probable, after the first few


@dataclass(frozen=True, slots=True)
class Opinion:
    """How hits stand once some of them were judged."""

    hits: tuple[Hit, ...]  # the judged ones first, the most probable at the top
    judged: int
    seconds: float
    done: bool
    notice: str | None = None  # why it ended early, or how it had to go on, for the user


class SecondOpinion:
    """Judges hits by a re-ranker, the first ones first.

    Args:
        reranker: Whose log-odds are taken as calibrated.
        look: Looks at the pictures of items.
        beta: How much an excluded thing counts against a picture.
        delta: Log-odds from which on it counts.
    """

    def __init__(self, reranker: Reranker, look: Look, beta: float = BETA, delta: float = DELTA) -> None:
        self.reranker, self.look, self._beta, self._delta = reranker, look, beta, delta

    def on_pictures(self, query: ParsedQuery, hits: Sequence[Hit], effort: Effort) -> Iterator[Opinion]:
        """Yield how pictures stand that were found for words, time and again until the effort is spent."""

        def judge(some: Sequence[Hit]) -> NDArray[np.float32]:
            seen = self.look([hit.item for hit in some])
            scores = np.full(len(some), np.nan, np.float32)
            if seen.tokens is not None:
                scores[list(seen.rows)] = self.log_odds(query, seen.tokens)
            return scores

        return self._judged(hits, judge, effort)

    def on_texts(self, picture: PictureTokens, hits: Sequence[Hit], effort: Effort) -> Iterator[Opinion]:
        """Yield how texts stand that were found for a picture, time and again until the effort is spent."""

        def judge(some: Sequence[Hit]) -> NDArray[np.float32]:
            texts = [hit.text.text if hit.text else "" for hit in some]
            return self.reranker.score(texts, picture[np.zeros(len(texts), np.int64)])

        return self._judged(hits, judge, effort)

    def log_odds(self, query: ParsedQuery, kept: PictureTokens) -> NDArray[np.float32]:
        """Return the log-odds that pictures show what a query wants and nothing that it excludes, (n,).

        Raises:
            RerankerError: If the re-ranker fails.
        """
        wanted = self.reranker.score([query.text] * len(kept), kept)
        for thing in query.excluded:
            against = self.reranker.score([thing] * len(kept), kept)
            wanted = wanted - self._beta * np.maximum(0, against - self._delta)
        return wanted

    def _judged(
        self, hits: Sequence[Hit], judge: Callable[[Sequence[Hit]], NDArray[np.float32]], effort: Effort
    ) -> Iterator[Opinion]:
        began, scores = time.perf_counter(), np.empty(0, np.float32)
        most = min(len(hits), effort.hits)
        while len(scores) < most:
            some = hits[len(scores) : min(most, len(scores) + (_MORE if len(scores) else _FIRST))]
            try:
                scores = np.concatenate([scores, judge(some)])
            except RerankerError as error:
                log.warning("No second opinion: %s", error)
                yield Opinion(_in_order(hits, scores), len(scores), time.perf_counter() - began, True, str(error))
                return
            spent = time.perf_counter() - began
            enough = len(scores) == most or _next_ends(spent, len(scores)) > effort.seconds
            sure = len(scores) > 0 and probability_of(float(np.nanmax(scores, initial=-np.inf))) >= effort.sure
            done = enough or sure
            yield Opinion(_in_order(hits, scores), len(scores), spent, done, self.reranker.notice)
            if done:
                return


def _next_ends(spent: float, judged: int) -> float:
    """Return when the next ones will have been judged, if they take as long as those before."""
    return spent * (1 + _MORE / judged)


def _in_order(hits: Sequence[Hit], scores: NDArray[np.float32]) -> tuple[Hit, ...]:
    """Return judged hits by their scores, then the others; ranks are those of the new order."""
    given = [*scores.tolist(), *[math.nan] * (len(hits) - len(scores))]
    order = sorted(range(len(hits)), key=lambda row: -given[row] if math.isfinite(given[row]) else math.inf)
    return tuple(
        replace(
            hits[row],
            rank=rank,
            found_at=hits[row].rank,
            probability=probability_of(given[row]) if math.isfinite(given[row]) else None,
        )
        for rank, row in enumerate(order, 1)
    )


def probability_of(log_odds: float) -> float:
    """Return the probability that log-odds stand for."""
    return 1 / (1 + math.exp(-max(-60.0, min(60.0, log_odds))))
