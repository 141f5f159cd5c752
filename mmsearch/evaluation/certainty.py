"""How far probabilities can be trusted."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 15  # as in arXiv:1706.04599


def expected_calibration_error(
    probabilities: NDArray[np.float64], matches: NDArray[np.bool_], bins: int = BINS
) -> float:
    """Return by how much probabilities and shares of matches differ, on average over pairs (arXiv:1706.04599).

    Args:
        probabilities: (n,), that each pair matches.
        matches: (n,), whether it does.
        bins: Of equal width; in each the mean probability is compared with the share of matches.
    """
    at = np.minimum((probabilities * bins).astype(np.int64), bins - 1)  # (n,)
    gaps = np.bincount(at, weights=probabilities - matches, minlength=bins)  # (bins,), of sums
    return float(np.abs(gaps).sum() / len(probabilities))


def area_under_roc(positives: NDArray[np.floating[Any]], negatives: NDArray[np.floating[Any]]) -> float:
    """Return how often a positive scores above a negative, ties counting half (Hanley & McNeil, 1982).

    Args:
        positives: (p,), scores of what is the case.
        negatives: (n,), scores of what is not.
    """
    ranked = np.sort(negatives)
    below, up_to = (np.searchsorted(ranked, positives, side) for side in ("left", "right"))
    return float((below + up_to).mean() / 2 / len(negatives))
