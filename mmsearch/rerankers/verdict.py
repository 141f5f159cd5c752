"""Whether anything matches at all."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LOOKED = 16  # hits, those found first, by which one tells
MISSED = 0.02  # share of captions for which it may be said in error that nothing matches


def probabilities(log_odds: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the probabilities that log-odds stand for, in the same shape."""
    result: NDArray[np.float64] = 1 / (1 + np.exp(-log_odds.astype(np.float64).clip(-60, 60)))
    return result


def any_matches(scores: NDArray[np.float32]) -> float:
    """Return the probability that one of the hits found first matches, as if they were independent.

    It tells better than the best one alone whether anything matches: where something does, there are often several.

    Args:
        scores: (n,), log-odds in the order in which they were found; NaN where one could not be judged.
    """
    first = scores[:LOOKED]
    known = first[np.isfinite(first)]
    return float(1 - np.exp(-np.logaddexp(0, known).sum())) if len(known) else 1.0  # nothing is known


def nothing_below(scores: list[NDArray[np.float32]]) -> float:
    """Return the `any_matches` that only `MISSED` of some texts stay below, each of which has its picture.

    Args:
        scores: For each text the log-odds of what was found for it, in that order.
    """
    return float(np.quantile([any_matches(each) for each in scores], MISSED))
