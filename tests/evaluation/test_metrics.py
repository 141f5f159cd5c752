"""The metrics against values worked out by hand and against their definitions, written slowly."""

import math
from statistics import median

import numpy as np
import pytest

from mmsearch.evaluation import metrics

# Three queries with 1, 2 and 3 relevant candidates.
RANKS = np.array([3, 1, 4, 2, 3, 12])
COUNTS = np.array([1, 2, 3])


def queries_of(ranks, counts):
    """Split the flat ranks by query, one at a time."""
    rest = list(ranks)
    return [[int(rest.pop(0)) for _ in range(count)] for count in counts]


def recall_slowly(ranks, counts, k):
    hits = [any(rank <= k for rank in own) for own in queries_of(ranks, counts)]
    return sum(hits) / len(hits)


def mrr_slowly(ranks, counts):
    own = queries_of(ranks, counts)
    return sum(1 / min(each) for each in own) / len(own)


def ndcg_slowly(ranks, counts, k):
    total = 0.0
    for own in queries_of(ranks, counts):
        gain = sum(1 / math.log2(place + 1) for place in range(1, k + 1) if place in own)
        ideal = sum(1 / math.log2(place + 1) for place in range(1, min(k, len(own)) + 1))
        total += gain / ideal
    return total / len(counts)


def map_at_r_slowly(ranks, counts):
    total = 0.0
    for own in queries_of(ranks, counts):
        for place in range(1, len(own) + 1):
            if place in own:
                total += sum(other <= place for other in own) / place / len(own)
    return total / len(counts)


def average_precision_slowly(ranks, counts):
    total = 0.0
    for own in queries_of(ranks, counts):
        total += sum(sum(other <= place for other in own) / place for place in own) / len(own)
    return total / len(counts)


def random_ranks(seed, queries, most):
    random = np.random.default_rng(seed)
    counts = random.integers(1, most + 1, queries)
    ranks = np.concatenate([np.sort(random.choice(30, count, replace=False)) + 1 for count in counts])
    return ranks, counts


def test_recall_counts_queries_with_a_hit_among_the_first_k():
    assert metrics.recall_at(RANKS, COUNTS, 1) == pytest.approx(1 / 3)
    assert metrics.recall_at(RANKS, COUNTS, 2) == pytest.approx(2 / 3)
    assert metrics.recall_at(RANKS, COUNTS, 3) == 1.0


def test_median_rank_takes_the_best_rank_of_each_query():
    assert metrics.median_rank(RANKS, COUNTS) == 2.0
    assert metrics.median_rank(np.array([1, 4]), np.array([1, 1])) == 2.5


def test_mrr_by_hand():
    assert metrics.mean_reciprocal_rank(RANKS, COUNTS) == pytest.approx((1 / 3 + 1 + 1 / 2) / 3)


def test_ndcg_by_hand():
    first = 0.5  # rank 3: 1 / log2(4); ideal 1
    second = (1 + 1 / math.log2(5)) / (1 + 1 / math.log2(3))
    third = (1 / math.log2(3) + 0.5) / (1 + 1 / math.log2(3) + 0.5)  # rank 12 is beyond 10

    assert metrics.ndcg_at(RANKS, COUNTS, 10) == pytest.approx((first + second + third) / 3)


def test_map_at_r_by_hand():
    # R = 1: rank 3 is too late. R = 2: rank 1 counts 1/1, rank 4 is too late. R = 3: 1/2 at rank 2, 2/3 at rank 3.
    assert metrics.map_at_r(RANKS, COUNTS) == pytest.approx((0 + 1 / 2 + (1 / 2 + 2 / 3) / 3) / 3)


def test_a_perfect_ranking_scores_one_even_with_more_than_ten_relevant():
    ranks, counts = np.arange(1, 15), np.array([14])

    result = metrics.summarise(ranks, counts, np.array([0]))

    assert (result.recall_at_1, result.mrr, result.median_rank) == (1.0, 1.0, 1.0)
    assert result.ndcg_at_10 == pytest.approx(1.0)
    assert result.map_at_r == pytest.approx(1.0)
    assert result.interval_at_10 == (1.0, 1.0)


@pytest.mark.parametrize("queries", [1, 2, 7, 40])
@pytest.mark.parametrize("most", [1, 2, 5, 20])
@pytest.mark.parametrize("k", [1, 2, 10])
def test_agrees_with_the_definitions(queries, most, k):
    ranks, counts = random_ranks(queries * 100 + most, queries, most)

    assert metrics.recall_at(ranks, counts, k) == pytest.approx(recall_slowly(ranks, counts, k))
    assert metrics.median_rank(ranks, counts) == median(min(own) for own in queries_of(ranks, counts))
    assert metrics.mean_reciprocal_rank(ranks, counts) == pytest.approx(mrr_slowly(ranks, counts))
    assert metrics.ndcg_at(ranks, counts, k) == pytest.approx(ndcg_slowly(ranks, counts, k))
    assert metrics.map_at_r(ranks, counts) == pytest.approx(map_at_r_slowly(ranks, counts))


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_map_at_r_is_recall_at_1_when_one_candidate_is_relevant(seed):
    ranks, counts = random_ranks(seed, queries=50, most=1)

    assert metrics.map_at_r(ranks, counts) == metrics.recall_at(ranks, counts, 1)


def test_the_interval_comes_near_the_binomial_one_for_independent_queries():
    hits = np.arange(400) % 5 != 0  # 80 %

    low, high = metrics.bootstrap_interval(hits, np.arange(400))

    margin = 1.96 * math.sqrt(0.8 * 0.2 / 400)
    assert low == pytest.approx(0.8 - margin, abs=0.01)
    assert high == pytest.approx(0.8 + margin, abs=0.01)


def test_the_interval_widens_when_the_captions_of_a_picture_stand_or_fall_together():
    pictures = np.repeat(np.arange(80), 5)

    together = metrics.bootstrap_interval(pictures % 5 != 0, pictures)
    apart = metrics.bootstrap_interval(np.arange(400) % 5 != 0, np.arange(400))

    assert together[1] - together[0] > 1.8 * (apart[1] - apart[0])  # √5 in theory


def test_the_interval_repeats_with_its_seed():
    hits, pictures = np.arange(1000) % 3 == 0, np.arange(1000)

    assert metrics.bootstrap_interval(hits, pictures, seed=4) == metrics.bootstrap_interval(hits, pictures, seed=4)
    assert metrics.bootstrap_interval(hits, pictures, seed=4) != metrics.bootstrap_interval(hits, pictures, seed=5)


def test_a_gain_comes_near_the_paired_normal_interval_for_independent_queries():
    before = np.arange(400) % 2 == 0  # 50 %
    after = before | (np.arange(400) % 10 == 1)  # mends every tenth query: 60 %

    found = metrics.paired_difference(before, after, np.arange(400))

    margin = 1.96 * math.sqrt(0.1 * 0.9 / 400)  # of the difference, which is 1 in a tenth of the queries and else 0
    assert (found.before, found.after, found.gain) == pytest.approx((0.5, 0.6, 0.1))
    assert found.interval == pytest.approx((0.1 - margin, 0.1 + margin), abs=0.006)
    assert found.p == pytest.approx(2 / 10_001)


def test_p_is_one_without_a_gain_and_swapping_the_two_turns_the_sign():
    before, after, pictures = np.arange(60) % 3 == 0, np.arange(60) % 4 == 0, np.arange(60)

    there = metrics.paired_difference(before, after, pictures)
    back = metrics.paired_difference(after, before, pictures)

    assert metrics.paired_difference(before, before, pictures).p == 1.0
    assert (back.gain, back.interval, back.p) == (-there.gain, tuple(-each for each in there.interval[::-1]), there.p)


def test_captions_that_stand_or_fall_together_make_a_gain_less_certain():
    mended = np.arange(100) % 10 == 0
    none = np.zeros(100, np.bool_)

    apart = metrics.paired_difference(none, mended, np.arange(100))
    together = metrics.paired_difference(none, np.sort(mended), np.repeat(np.arange(20), 5))

    assert np.ptp(together.interval) > 1.8 * np.ptp(apart.interval)  # √5 in theory
    assert together.p > apart.p


@pytest.mark.parametrize("seed", range(5))
def test_mean_average_precision_equals_its_definition(seed):
    ranks, counts = random_ranks(seed, 6, 5)

    assert metrics.mean_average_precision(ranks, counts) == pytest.approx(average_precision_slowly(ranks, counts))


def test_mean_average_precision_looks_at_every_rank():
    assert metrics.mean_average_precision(np.array([1, 4]), np.array([2])) == pytest.approx((1 + 2 / 4) / 2)
    assert metrics.mean_average_precision(np.array([1, 2, 1]), np.array([2, 1])) == 1.0
