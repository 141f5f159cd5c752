"""Whether anything matches at all."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

LOOKED = 16  # hits, those found first, by which one tells
MISSED = 0.02  # share of captions and phrases for which it may be said in error that nothing matches


def probabilities(log_odds: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """Return the probabilities that log-odds stand for, in the same shape."""
    result: NDArray[np.float64] = 1 / (1 + np.exp(-log_odds.astype(np.float64).clip(-60, 60)))
    return result


def conviction(scores: NDArray[np.float32], *, of_phrase: bool = False) -> float:
    """Return the probability that one of the hits found first matches.

    Of a caption they count as if they were independent, which tells better than the best one alone: where something
    matches, there are often several that nearly do. Of a phrase only the best one counts: words without meaning are a
    little probable everywhere, and that adds up.

    Args:
        scores: (n,), log-odds in the order in which they were found; NaN where one could not be judged.
        of_phrase: Whether it is a phrase that they were found for.
    """
    first = scores[:LOOKED]
    known = first[np.isfinite(first)]
    if not len(known):
        return 1.0  # nothing is known
    return float(probabilities(known).max() if of_phrase else 1 - np.exp(-np.logaddexp(0, known).sum()))


def nothing_below(scores: list[NDArray[np.float32]], *, of_phrases: bool = False) -> float:
    """Return the `conviction` that only `MISSED` of some texts stay below, each of which has its picture.

    Args:
        scores: For each text the log-odds of what was found for it, in that order.
        of_phrases: Whether these texts are phrases.
    """
    return float(np.quantile([conviction(each, of_phrase=of_phrases) for each in scores], MISSED))
