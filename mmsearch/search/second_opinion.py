"""A second look at what was found, by a model that reads picture and words together."""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import RerankerError
from mmsearch.grammar import ParsedQuery, is_phrase
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.evidence import Evidence
from mmsearch.rerankers.scale import ScoreScale
from mmsearch.rerankers.verdict import LOOKED, conviction, probabilities
from mmsearch.types import Hit, Item, Modality

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Seen:
    """What a re-ranker keeps of some items."""

    rows: Sequence[int]  # of those items whose picture could be read, or about which something is written
    tokens: Evidence | None  # of these rows; None if there is none


Look = Callable[[Sequence[Item]], Seen]

BETA, DELTA = 1.0, 0.0  # s⁺ - β · max(0, s⁻ - δ), in log-odds
_FIRST, _MORE = 8, 8  # hits judged before the first news, and between the next ones
_PATIENCE = 2  # times the seconds of an effort that may pass where so far it seems that nothing matches
_DRY = 48  # hits in a row of which none matches, after which looking for all that match ends


@dataclass(frozen=True, slots=True)
class Effort:
    """How much a second opinion may cost, and what it is after."""

    seconds: float = 0.3
    hits: int = 32  # judged at most
    sure: float = 0.95  # looking for the best match stops when one is that probable, after the first few
    at_least: float | None = None  # find all that are that probable; None to find the best one

    @classmethod
    def usual(cls, seconds: float, at_least: float | None = None) -> "Effort":
        """Return the effort where finding the best may cost some seconds; finding all is worth ten times as much."""
        return cls(seconds) if at_least is None else cls(10 * seconds, 256, at_least=at_least)


@dataclass(frozen=True, slots=True)
class Opinion:
    """How hits stand once some of them were judged."""

    hits: tuple[Hit, ...]  # the judged ones first, the most probable at the top
    judged: int
    seconds: float
    done: bool
    notice: str | None = None  # why it ended early, or how it had to go on, for the user
    matching: int | None = None  # how many match, where all that match are looked for
    nothing: bool = False  # whether it is improbable that anything here matches


class SecondOpinion:
    """Judges hits by a re-ranker, the first ones first.

    Args:
        reranker: Reads words and picture together.
        look: Looks at the pictures of items.
        beta: How much an excluded thing counts against a picture.
        delta: Log-odds from which on it counts.
        scale: Turns what the re-ranker says into log-odds, fitted on a collection; None where it is taken as it is.
    """

    def __init__(
        self,
        reranker: Reranker,
        look: Look,
        beta: float = BETA,
        delta: float = DELTA,
        scale: ScoreScale | None = None,
    ) -> None:
        self.reranker, self.look, self._beta, self._delta = reranker, look, beta, delta
        self.scale = scale

    def on_pictures(self, query: ParsedQuery, hits: Sequence[Hit], effort: Effort) -> Iterator[Opinion]:
        """Yield how pictures stand that were found for words, time and again until the effort is spent."""

        def judge(some: Sequence[Hit]) -> NDArray[np.float32]:
            return self._of_items([hit.item for hit in some], lambda kept: self.log_odds(query, kept))

        return self._judged(hits, judge, effort, query)

    def on_texts(self, picture: Evidence, hits: Sequence[Hit], effort: Effort) -> Iterator[Opinion]:
        """Yield how texts stand that were found for a picture, time and again until the effort is spent."""

        def judge(some: Sequence[Hit]) -> NDArray[np.float32]:
            texts = [hit.text.text if hit.text else "" for hit in some]
            return self.pair_odds(texts, picture[np.zeros(len(texts), np.int64)], captions=True)

        return self._judged(hits, judge, effort)

    def unscaled(self, text: str, items: Sequence[Item]) -> NDArray[np.float32]:
        """Return what the re-ranker itself says of a text and pictures, (n,); NaN where one cannot be read.

        Raises:
            RerankerError: If it fails.
        """
        return self._of_items(items, lambda kept: self.reranker.score([text] * len(kept), kept))

    def _of_items(self, items: Sequence[Item], score: Callable[[Evidence], NDArray[np.float32]]) -> NDArray[np.float32]:
        """Return the scores of the pictures of items, (n,); NaN where one cannot be read."""
        seen, scores = self.look(items), np.full(len(items), np.nan, np.float32)
        if seen.tokens is not None:
            scores[list(seen.rows)] = score(seen.tokens)
        return scores

    def pair_odds(self, texts: Sequence[str], pictures: Evidence, *, captions: bool = False) -> NDArray[np.float32]:
        """Return the log-odds that text i matches picture i, (n,).

        Args:
            texts: Of each pair.
            pictures: Likewise.
            captions: Take every text for a caption, so that texts of any length can be compared.

        Raises:
            RerankerError: If the re-ranker fails.
        """
        said = self.reranker.describe(texts, pictures) if captions else self.reranker.score(texts, pictures)
        return said if self.scale is None else self.scale.log_odds(texts, said, captions=captions)

    def _nothing(self, text: str, scores: NDArray[np.float32]) -> bool:
        """Return whether it is improbable that one of the hits with these scores, (n,), matches a text."""
        below = (self.scale or self.reranker).nothing_below(text)
        return below is not None and conviction(scores, of_phrase=is_phrase(text)) < below

    def _lacks_wanted(self, query: ParsedQuery, hits: Sequence[Hit]) -> bool:
        """Return whether it is improbable that a hit shows what a query wants, where nothing seems to match the whole.

        What is denied makes every picture less probable, so then what is wanted is judged by itself.
        """
        if not query.excluded:
            return True
        first = [hit.item for hit in hits[:LOOKED]]
        wanted = self._of_items(first, lambda kept: self.pair_odds([query.wanted] * len(kept), kept))
        return self._nothing(query.wanted, wanted)

    def log_odds(self, query: ParsedQuery, kept: Evidence) -> NDArray[np.float32]:
        """Return the log-odds that pictures show what a query wants and nothing that it excludes, (n,).

        Raises:
            RerankerError: If the re-ranker fails.
        """
        wanted = self.pair_odds([query.text] * len(kept), kept)
        for thing in query.excluded:
            against = self.pair_odds([thing] * len(kept), kept)
            wanted = wanted - self._beta * np.maximum(0, against - self._delta)
        return wanted

    def _judged(
        self,
        hits: Sequence[Hit],
        judge: Callable[[Sequence[Hit]], NDArray[np.float32]],
        effort: Effort,
        query: ParsedQuery | None = None,
    ) -> Iterator[Opinion]:
        """Judge hits until the effort is spent; given the query that found them, say whether nothing matches it."""
        began, scores = time.perf_counter(), np.empty(0, np.float32)
        most = min(len(hits), effort.hits)
        while len(scores) < most:
            some = hits[len(scores) : min(most, len(scores) + (_MORE if len(scores) else _FIRST))]
            try:
                scores = np.concatenate([scores, judge(some)])
                spent = time.perf_counter() - began
                doubtful = query is not None and self._nothing(query.text, scores)
                looked = len(scores) >= min(LOOKED, len(hits))
                limit = effort.seconds * (_PATIENCE if doubtful and not looked else 1)
                done = len(scores) == most or _next_ends(spent, len(scores)) > limit or _enough(scores, effort)
                vain = done and doubtful and looked and query is not None and self._lacks_wanted(query, hits)
            except RerankerError as error:
                log.warning("No second opinion: %s", error)
                yield Opinion(_in_order(hits, scores), len(scores), time.perf_counter() - began, True, str(error))
                return
            said = Opinion(_in_order(hits, scores), len(scores), spent, done, self._notice(scores))
            if effort.at_least is not None:
                said = _matching(said, effort.at_least)
            yield _nothing_matches(said) if vain else said
            if done:
                return

    def _notice(self, scores: NDArray[np.float32]) -> str | None:
        """Return what the user should know: which hits could not be judged, and what became of the re-ranker."""
        without = int(np.isnan(scores).sum()) if self.reranker.reads is Modality.TEXT else 0
        said = f"{without} of {len(scores)} hits have no captions for the re-ranker {self.reranker.name} to read."
        return " ".join(filter(None, [said if without else None, self.reranker.notice])) or None


def _nothing_matches(said: Opinion) -> Opinion:
    """Return an opinion in the order in which hits were found, for where nothing matches the new one is chance."""
    before = sorted(said.hits, key=lambda hit: hit.found_at or hit.rank)
    hits = tuple(replace(hit, rank=rank) for rank, hit in enumerate(before, 1))
    return replace(said, nothing=True, hits=hits)


def _enough(scores: NDArray[np.float32], effort: Effort) -> bool:
    """Return whether judging more is not worth it: one is sure, or none has matched for long."""
    if effort.at_least is None:
        return probability_of(float(np.nanmax(scores, initial=-np.inf))) >= effort.sure
    last = scores[-_DRY:]
    return len(last) == _DRY and probability_of(float(np.nanmax(last, initial=-np.inf))) < effort.at_least


def _matching(said: Opinion, at_least: float) -> Opinion:
    """Return an opinion with the number of hits that match, and once it is done with these alone, if there are any."""
    matching = [hit for hit in said.hits if hit.probability is not None and hit.probability >= at_least]
    return replace(said, matching=len(matching), hits=tuple(matching) if said.done and matching else said.hits)


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
    return float(probabilities(np.array(log_odds)))
