"""Retrieval metrics as pure functions of the ranks that the relevant candidates reached.

All of them take the same two arrays:

* `ranks`, (P,): the ranks, from 1, of the relevant candidates, grouped by query, ascending within each query;
* `counts`, (Q,): how many relevant candidates each query has, at least 1; they sum to P.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmsearch.types import Ids

BOOTSTRAP_ROUNDS = 1000
PAIRED_ROUNDS = 10_000  # more, since a p of a thousandth is to be told from one of a hundredth
COVERAGE = 0.95


@dataclass(frozen=True, slots=True)
class Metrics:
    """How well one direction of retrieval works. Shares lie in 0…1; higher is better except for the median rank."""

    queries: int
    recall_at_1: float
    recall_at_5: float
    recall_at_10: float
    median_rank: float
    mrr: float
    ndcg_at_10: float
    map_at_r: float
    interval_at_10: tuple[float, float]  # 95 % interval of recall_at_10


@dataclass(frozen=True, slots=True)
class Difference:
    """How much more often queries succeed than they did before, the same queries asked both times."""

    before: float  # share of queries, 0…1
    after: float
    gain: float  # after - before
    interval: tuple[float, float]  # 95 %, of the gain
    p: float  # two-sided: how likely a gain so far from zero would be if there were none


def first_ranks(ranks: Ids, counts: Ids) -> Ids:
    """Return the best rank of each query, (Q,)."""
    starts: Ids = np.cumsum(counts) - counts
    return ranks[starts]


def recall_at(ranks: Ids, counts: Ids, k: int) -> float:
    """Share of queries with at least one relevant candidate among the first `k` (arXiv:1412.2306)."""
    return float(np.mean(first_ranks(ranks, counts) <= k))


def median_rank(ranks: Ids, counts: Ids) -> float:
    """Median over queries of the best rank; half a rank where two queries share the middle."""
    return float(np.median(first_ranks(ranks, counts)))


def mean_reciprocal_rank(ranks: Ids, counts: Ids) -> float:
    """Mean over queries of 1 / best rank (Voorhees, TREC-8, 1999)."""
    return float(np.mean(1.0 / first_ranks(ranks, counts)))


def ndcg_at(ranks: Ids, counts: Ids, k: int) -> float:
    """Mean normalised discounted cumulative gain of the first `k`, gains 0 or 1 (Järvelin & Kekäläinen, 2002).

    The ideal order has min(k, relevant) hits on top, so a query with more than `k` relevant candidates can reach 1.
    """
    discounts = 1.0 / np.log2(np.arange(k) + 2.0)  # (k,), of ranks 1…k
    gains = np.where(ranks <= k, discounts[np.minimum(ranks, k) - 1], 0.0)  # (P,)
    ideal = np.cumsum(discounts)[np.minimum(counts, k) - 1]  # (Q,)
    return float(np.mean(_sum_by_query(gains, counts) / ideal))


def map_at_r(ranks: Ids, counts: Ids) -> float:
    """Mean average precision at R, R being the query's number of relevant candidates (arXiv:2003.08505).

    With one relevant candidate a query this is recall at 1.
    """
    found = np.arange(len(ranks)) - np.repeat(np.cumsum(counts) - counts, counts) + 1  # (P,), relevant so far
    precisions = np.where(ranks <= np.repeat(counts, counts), found / ranks, 0.0)  # (P,)
    return float(np.mean(_sum_by_query(precisions, counts) / counts))


def mean_average_precision(ranks: Ids, counts: Ids) -> float:
    """Mean over queries of the mean precision at the ranks of all relevant candidates (Rasiwasia et al., 2010)."""
    found = np.arange(len(ranks)) - np.repeat(np.cumsum(counts) - counts, counts) + 1  # (P,), relevant so far
    return float(np.mean(_sum_by_query(found / ranks, counts) / counts))


def bootstrap_interval(
    hits: NDArray[np.bool_], pictures: Ids, *, rounds: int = BOOTSTRAP_ROUNDS, seed: int = 0
) -> tuple[float, float]:
    """Return the 95 % percentile interval of the mean of `hits` (Efron, 1979).

    Whole pictures are drawn with replacement, because the captions of one picture succeed or fail together.
    The candidates stay as they are: the interval speaks of other queries, not of a larger collection.

    Args:
        hits: (Q,), whether each query succeeded.
        pictures: (Q,), the picture that each query belongs to.
        rounds: How many times to resample.
        seed: Of the random draws; the same seed gives the same interval.
    """
    return _interval(_resampled(hits, pictures, rounds, seed))


def paired_difference(
    before: NDArray[np.bool_], after: NDArray[np.bool_], pictures: Ids, *, rounds: int = PAIRED_ROUNDS, seed: int = 0
) -> Difference:
    """Compare two ways of answering the same queries by a paired bootstrap (Koehn, EMNLP 2004).

    Whole pictures are drawn with replacement, as in `bootstrap_interval`, and both answers to a query go together.

    Args:
        before: (Q,), whether each query succeeded in the first way.
        after: (Q,), in the second.
        pictures: (Q,), the picture that each query belongs to.
        rounds: How many times to resample; p is at least 2 / (rounds + 1).
        seed: Of the random draws.
    """
    gains = _resampled(after.astype(np.int64) - before, pictures, rounds, seed)
    tail = min(int((gains <= 0).sum()), int((gains >= 0).sum()))
    shares = float(before.mean()), float(after.mean())
    p = min(1.0, 2 * (tail + 1) / (rounds + 1))  # one more of each, so that no p is zero (Davison & Hinkley, 1997)
    return Difference(*shares, shares[1] - shares[0], _interval(gains), p)


def summarise(ranks: Ids, counts: Ids, pictures: Ids) -> Metrics:
    """Return all metrics; `pictures`, (Q,), is the picture that each query belongs to."""
    return Metrics(
        queries=len(counts),
        recall_at_1=recall_at(ranks, counts, 1),
        recall_at_5=recall_at(ranks, counts, 5),
        recall_at_10=recall_at(ranks, counts, 10),
        median_rank=median_rank(ranks, counts),
        mrr=mean_reciprocal_rank(ranks, counts),
        ndcg_at_10=ndcg_at(ranks, counts, 10),
        map_at_r=map_at_r(ranks, counts),
        interval_at_10=bootstrap_interval(first_ranks(ranks, counts) <= 10, pictures),
    )


def _resampled(values: NDArray[np.bool_] | Ids, pictures: Ids, rounds: int, seed: int) -> NDArray[np.float64]:
    """Return the mean of `values`, (Q,), over whole pictures drawn with replacement, once a round, (rounds,)."""
    _, cluster = np.unique(pictures, return_inverse=True)  # (Q,)
    sizes = np.bincount(cluster)  # (C,)
    sums = np.bincount(cluster, weights=values)  # (C,)
    random = np.random.default_rng(seed)
    means = np.empty(rounds)
    for i in range(rounds):
        drawn = random.integers(0, len(sizes), len(sizes))
        means[i] = sums[drawn].sum() / sizes[drawn].sum()
    return means


def _interval(means: NDArray[np.float64]) -> tuple[float, float]:
    """Return between which values `COVERAGE` of the means lie."""
    low, high = np.quantile(means, [(1 - COVERAGE) / 2, (1 + COVERAGE) / 2])
    return float(low), float(high)


def _sum_by_query(values: NDArray[np.float64], counts: Ids) -> NDArray[np.float64]:
    """Sum (P,) values within each query, (Q,)."""
    return np.add.reduceat(values, np.cumsum(counts) - counts)
