"""The compositional suite, by scorers whose answers are known."""

import math

import numpy as np
import pytest

from mmsearch.evaluation.compose import compose_suite, encoder_scorer, reranker_scorer, wilson_interval
from mmsearch.evaluation.compose_cases import compose_cases
from mmsearch.scenes import Allow, FoilKind
from tests.encoders.fakes import KeywordEncoder, colour_picture
from tests.evaluation.fakes import ReranksByPlaces, signature

SIDE = 32


def suite(score, count=2, **more):
    return compose_suite(score, scorer="a fake", count=count, side=SIDE, **more)


def truths():
    """Return every true caption of the smallest suite, with the kind of its foil."""
    return {caption: case.kind for case in compose_cases(2, side=SIDE) for caption, _ in case.pairs.values()}


def test_whoever_knows_the_truth_is_always_right():
    true = truths()

    report = suite(lambda pictures, texts: np.array([text in true for text in texts], np.float32))

    assert len(report.accuracies) == 7 * 2 * 2
    assert {each.accuracy for each in report.accuracies} == {1.0}
    assert [(each.language, each.split, each.pairs) for each in report.totals] == [
        ("en", Allow.SEEN, 14),
        ("en", Allow.HELD_OUT, 14),
        ("zh", Allow.SEEN, 14),
        ("zh", Allow.HELD_OUT, 14),
    ]


def test_a_tie_is_an_error_and_so_is_a_difference_of_rounding():
    def by_rounding(pictures, texts):
        return np.where(np.arange(len(texts)) % 2, 0.5, 0.5 + 2e-7).astype(np.float32)

    assert {each.accuracy for each in suite(by_rounding).accuracies} == {0.0}


def test_the_worst_kind_is_the_one_that_is_not_understood():
    true = truths()

    def blind_to_counts(pictures, texts):
        return np.array([true.get(text, FoilKind.COUNT) is not FoilKind.COUNT for text in texts], np.float32)

    report = suite(blind_to_counts)

    assert (report.worst.kind, report.worst.accuracy, report.worst.pairs) == (FoilKind.COUNT, 0.0, 8)
    assert report.worst_cell.kind is FoilKind.COUNT
    assert report.overall.accuracy == pytest.approx(6 / 7)
    assert all(each.accuracy == pytest.approx(6 / 7) for each in report.totals)


def test_true_captions_stand_beside_their_foils_and_every_picture_comes_with_its_own():
    cases = {signature(case.picture): case for case in compose_cases(1, side=SIDE)}
    seen = []

    def record(pictures, texts):
        seen.extend(zip(map(signature, pictures), texts, strict=True))
        return np.zeros(len(texts), np.float32)

    suite(record, count=1)

    expected = [(key, text) for key, case in cases.items() for pair in case.pairs.values() for text in pair]
    assert seen == expected


def test_says_how_far_it_is():
    steps = []

    suite(lambda pictures, texts: np.zeros(len(texts), np.float32), count=1, progress=steps.append)

    assert (steps[-1].done, steps[-1].total) == (14, 14)


def test_an_encoder_scores_a_pair_by_the_cosine():
    red, blue = colour_picture("red"), colour_picture("blue")

    scores = encoder_scorer(KeywordEncoder())([red, blue, red], ["red", "red", "red and blue"])

    assert scores == pytest.approx([1, 0, math.sqrt(0.5)])


def test_a_reranker_prepares_a_picture_once_however_often_it_comes():
    red, blue = colour_picture("red"), colour_picture("blue")
    judge = ReranksByPlaces({signature(red): 0, signature(blue): 1, "red": 0})

    scores = reranker_scorer(judge)([red, red, blue, red], ["red", "blue", "red", "red"])

    assert scores.tolist() == [1, 0, 0, 1]
    assert judge.prepared == 2


@pytest.mark.parametrize(
    ("hits", "trials", "expected"),
    [
        (0, 10, (0.0, 0.2775)),  # z² / (n + z²)
        (10, 10, (0.7225, 1.0)),
        (81, 263, (0.2553, 0.3662)),  # Newcombe, Statistics in Medicine 17 (1998), table I, method 3
        (15, 148, (0.0624, 0.1605)),
    ],
)
def test_the_interval_is_that_of_wilson(hits, trials, expected):
    assert wilson_interval(hits, trials) == pytest.approx(expected, abs=5e-5)
