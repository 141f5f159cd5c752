import numpy as np
import pytest

from mmsearch.alignment.whitening import whitener


@pytest.mark.parametrize("size", [1, 2, 7])
@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_the_map_makes_the_covariance_the_identity(size, ridge):
    rows = np.random.default_rng(size).standard_normal((50, size))
    covariance = rows.T @ rows / 50

    found = whitener(covariance, ridge, 1e-12)

    regular = covariance + ridge * np.trace(covariance) / size * np.eye(size)
    assert found.T @ regular @ found == pytest.approx(np.eye(size), abs=1e-9)


def test_directions_that_do_not_vary_are_left_out():
    rows = np.random.default_rng(0).standard_normal((3, 8))  # three directions in eight columns
    covariance = rows.T @ rows

    found = whitener(covariance, 0.0, 1e-12)

    assert found.shape == (8, 3)
    assert found.T @ covariance @ found == pytest.approx(np.eye(3), abs=1e-9)


def test_nothing_that_varies_gives_no_direction():
    assert whitener(np.zeros((4, 4)), 0.1, 1e-12).shape == (4, 0)
