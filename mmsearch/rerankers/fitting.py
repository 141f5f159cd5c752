"""Fits curves from scores to log-odds, and chooses among their kinds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import BadInput
from mmsearch.rerankers.scale import Curve
from mmsearch.types import Ids

FOLDS = 5
_MOST = 7.0  # log-odds at most: isotonic regression gives 0 and 1, but nobody is that sure


@dataclass(frozen=True, slots=True)
class FittedCurve:
    """The best curve, and how the others did."""

    curve: Curve  # fitted on all queries
    losses: Mapping[str, float]  # by kind: log loss in nats a pair, on queries that were not fitted on
    unseen: NDArray[np.float32]  # (n,), the log-odds of each pair by that kind, fitted on other queries


def fit_curve(scores: NDArray[np.float32], matches: NDArray[np.bool_], queries: Ids) -> FittedCurve:
    """Fit temperature, platt and isotonic curves, and keep the kind that does best on queries it has not seen.

    Args:
        scores: (n,), finite.
        matches: (n,), whether each pair matches.
        queries: (n,), the query of each pair; those of one query are fitted on together, or not at all.

    Raises:
        BadInput: If there are too few queries, or all pairs match, or none does.
    """
    distinct = np.unique(queries)
    if len(distinct) < FOLDS or matches.all() or not matches.any():
        raise BadInput(
            f"A calibration needs at least {FOLDS} queries with matches and others; "
            f"got {len(distinct)} queries and {int(matches.sum())} matches of {len(matches)} pairs."
        )
    fold = np.random.default_rng(0).permutation(len(distinct))[np.searchsorted(distinct, queries)] % FOLDS  # (n,)
    unseen = {kind: _held_out(fit, scores, matches, fold) for kind, fit in _KINDS.items()}
    losses = {kind: log_loss(log_odds, matches) for kind, log_odds in unseen.items()}
    best = min(losses, key=lambda kind: losses[kind])
    return FittedCurve(_KINDS[best](scores, matches), losses, unseen[best])


def _held_out(fit: "Fit", scores: NDArray[np.float32], matches: NDArray[np.bool_], fold: Ids) -> NDArray[np.float32]:
    """Return the log-odds of each pair, (n,), by a curve that was fitted on the other folds."""
    log_odds = np.empty_like(scores)
    for one in range(FOLDS):
        log_odds[fold == one] = fit(scores[fold != one], matches[fold != one])(scores[fold == one])
    return log_odds


def log_loss(log_odds: NDArray[np.float32], matches: NDArray[np.bool_]) -> float:
    """Return the mean of -log p of what is the case."""
    return float(np.logaddexp(0, np.where(matches, -log_odds, log_odds)).mean())


Fit = Callable[[NDArray[np.float32], NDArray[np.bool_]], Curve]


def _temperature(scores: NDArray[np.float32], matches: NDArray[np.bool_]) -> Curve:
    slope, _ = _logistic(scores, matches, intercept=False)
    return Curve("temperature", slope)


def _platt(scores: NDArray[np.float32], matches: NDArray[np.bool_]) -> Curve:
    return Curve("platt", *_logistic(scores, matches, intercept=True))


def _isotonic(scores: NDArray[np.float32], matches: NDArray[np.bool_]) -> Curve:
    from sklearn.isotonic import IsotonicRegression  # type: ignore[import-untyped]  # it has no annotations

    fit = IsotonicRegression(out_of_bounds="clip").fit(scores, matches)
    low = 1 / (1 + np.exp(_MOST))
    shares = fit.y_thresholds_.clip(low, 1 - low)
    log_odds = np.log(shares) - np.log1p(-shares)
    return Curve("isotonic", scores=tuple(fit.X_thresholds_.tolist()), log_odds=tuple(log_odds.tolist()))


def _logistic(scores: NDArray[np.float32], matches: NDArray[np.bool_], *, intercept: bool) -> tuple[float, float]:
    """Return slope and bias; the slope is never negative, for a curve must not turn the order around."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]  # it has no annotations

    fit = LogisticRegression(C=np.inf, fit_intercept=intercept, max_iter=1000).fit(scores[:, None], matches)
    slope, bias = float(fit.coef_[0, 0]), float(fit.intercept_[0]) if intercept else 0.0
    if slope > 0:
        return slope, bias
    share = float(matches.mean())  # the scores say nothing: as often as it is the case
    return 1e-6, float(np.log(share) - np.log1p(-share)) if intercept else 0.0


_KINDS: Mapping[str, Fit] = {"temperature": _temperature, "platt": _platt, "isotonic": _isotonic}
