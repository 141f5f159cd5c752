"""Maps that make a covariance the identity."""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, cholesky, eigh, solve_triangular  # type: ignore[import-untyped]

Matrix = NDArray[np.float64]


def whitener(covariance: Matrix, ridge: float, rounding: float) -> Matrix:
    """Return W, (d, r), with Wᵀ (S + ridge · mean variance · I) W = I.

    Args:
        covariance: S, (d, d), symmetric and positive semi-definite.
        ridge: Share of the mean variance that is added to every variance, at least 0. At 0 directions that
            do not vary are left out, so r may be less than d, even 0.
        rounding: A direction with less than this share of the largest variance does not vary.
    """
    size = len(covariance)
    regular = covariance + ridge * np.trace(covariance) / size * np.eye(size)
    try:
        lower = cholesky(regular, lower=True)
    except LinAlgError:
        return _by_eigenvectors(regular, rounding)
    diagonal = np.diag(lower)
    if diagonal.min() ** 2 <= rounding * diagonal.max() ** 2:
        return _by_eigenvectors(regular, rounding)
    inverse: Matrix = solve_triangular(lower, np.eye(size), lower=True)
    return inverse.T


def _by_eigenvectors(covariance: Matrix, rounding: float) -> Matrix:
    """Whiten the directions that vary."""
    values, vectors = eigh(covariance)
    kept = values > max(rounding * values[-1], 0.0)
    found: Matrix = vectors[:, kept] / np.sqrt(values[kept])
    return found
