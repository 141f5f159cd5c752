import numpy as np
import pytest

from mmsearch.rerankers.verdict import LOOKED, MISSED, conviction, nothing_below


def log_odds(*probabilities):
    odds = np.array(probabilities)
    return np.log(odds / (1 - odds)).astype(np.float32)


def test_the_probability_that_one_matches_by_hand():
    assert conviction(log_odds(0.5, 0.2)) == pytest.approx(1 - 0.5 * 0.8)


def test_only_what_was_found_first_counts():
    many = log_odds(*[0.01] * LOOKED, *[0.9] * 9)

    assert conviction(many) == pytest.approx(1 - 0.99**LOOKED, rel=1e-4)


def test_what_could_not_be_judged_says_nothing():
    assert conviction(np.array([np.nan, 0.0], np.float32)) == pytest.approx(0.5)
    assert conviction(np.full(3, np.nan, np.float32)) == 1


def test_of_phrases_the_best_of_what_was_found_first_counts():
    assert conviction(log_odds(*[0.1] * LOOKED, 0.9), of_phrase=True) == pytest.approx(0.1)
    assert conviction(np.array([np.nan, 0.0], np.float32), of_phrase=True) == pytest.approx(0.5)
    assert conviction(np.full(3, np.nan, np.float32), of_phrase=True) == 1


def test_few_phrases_stay_below():
    scores = [log_odds(share, 0.05) for share in np.linspace(0.1, 0.9, 201)]

    assert nothing_below(scores, of_phrases=True) == pytest.approx(0.1 + 0.8 * MISSED, abs=0.001)


def test_few_texts_stay_below():
    scores = [log_odds(share) for share in np.linspace(0.1, 0.9, 201)]
    below = nothing_below(scores)

    assert np.mean([conviction(each) < below for each in scores]) == pytest.approx(MISSED, abs=0.01)
