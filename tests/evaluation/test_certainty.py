import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mmsearch.evaluation.certainty import area_under_roc, expected_calibration_error


def test_calibration_error_by_hand():
    probabilities = np.array([0.05, 0.05, 0.95, 0.95])
    matches = np.array([False, True, True, True])

    # two bins of two: |0.05 - 0.5| and |0.95 - 1|, each of half the pairs
    assert expected_calibration_error(probabilities, matches, bins=10) == pytest.approx(0.45 / 2 + 0.05 / 2)


def test_probabilities_that_come_true_have_no_error():
    rng = np.random.default_rng(0)
    probabilities = rng.random(200_000)

    assert expected_calibration_error(probabilities, rng.random(200_000) < probabilities) < 0.005
    assert expected_calibration_error(np.ones(3), np.zeros(3, bool)) == 1  # the uppermost bin holds 1


def test_area_is_that_of_scikit_learn():
    rng = np.random.default_rng(1)
    positives, negatives = rng.integers(0, 9, 70).astype(float), rng.integers(0, 7, 50).astype(float)  # with ties

    expected = roc_auc_score(np.repeat([1, 0], [70, 50]), np.concatenate([positives, negatives]))
    assert area_under_roc(positives, negatives) == pytest.approx(expected)
