"""Fusion of the modalities of one item: a picture and its captions answer a query together."""

from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize  # type: ignore[import-untyped]  # it has no annotations
from scipy.special import logsumexp  # type: ignore[import-untyped]
from sklearn.base import BaseEstimator  # type: ignore[import-untyped]

from mmsearch.alignment.checks import check_between, checked_rows, unit_rows
from mmsearch.errors import BadInput
from mmsearch.types import Ids, Vectors

Scores = NDArray[np.float64]  # (queries, items), higher is better; -inf where an item lacks the modality
RANK_OFFSET = 60  # of reciprocal rank fusion, as its authors set it


def joined_features(parts: Sequence[ArrayLike], weights: Sequence[float] | None = None) -> Vectors:
    """Fuse early: lay the features of each item side by side, each part at unit length times its weight.

    So cosines of joined rows are means of the parts' cosines, weighted by squared weights, whatever their widths.

    Args:
        parts: (n, d) each, row i of item i; a row of zeros where an item lacks the modality.
        weights: One for each part, at least 0; None for equal ones.

    Returns:
        (n, sum of widths), unit rows.

    Raises:
        BadInput: If parts or weights do not fit together.
    """
    rows = [checked_rows(part, f"features of part {i}") for i, part in enumerate(parts)]
    if not rows or len({len(part) for part in rows}) > 1:
        raise BadInput(f"The parts have {[len(part) for part in rows]} rows; they must have equally many.")
    shares = _checked_weights(weights, len(rows))
    return unit_rows(np.concatenate([w * unit_rows(part) for w, part in zip(shares, rows, strict=True)], axis=1))


def mean_of_texts(texts: ArrayLike, owner: ArrayLike, items: int) -> Vectors:
    """Return the mean direction of the texts of each item, (items, d), unit rows; zeros for an item without a text.

    Args:
        texts: (m, d) features.
        owner: (m,), the item of each text.
        items: How many there are.

    Raises:
        BadInput: If an owner is no item.
    """
    rows, owners = checked_rows(texts, "text features"), np.asarray(owner)
    if owners.shape != (len(rows),) or owners.dtype.kind not in "iu" or not np.isin(owners, np.arange(items)).all():
        raise BadInput(f"`owner` must hold an item, 0 to {items - 1}, for each of {len(rows)} texts.")
    sums = np.zeros((items, rows.shape[1]))
    np.add.at(sums, owners, unit_rows(rows))
    return unit_rows(sums)


def standard_scores(scores: ArrayLike) -> Scores:
    """Return scores with mean 0 and deviation 1 among the items of each query, so that channels can be added.

    Args:
        scores: (q, n); -inf where an item lacks the modality. Such an item gets 0, the mean.
    """
    given = _checked_scores([scores])[0]
    known = np.isfinite(given)
    count = np.maximum(known.sum(axis=1, keepdims=True), 1)
    filled = np.where(known, given, 0.0)
    deviations = np.where(known, filled - filled.sum(axis=1, keepdims=True) / count, 0.0)
    spread = np.sqrt((deviations**2).sum(axis=1, keepdims=True) / count)
    standard: Scores = np.divide(deviations, spread, out=np.zeros_like(deviations), where=spread > 0)
    return standard


def fused_scores(channels: Sequence[ArrayLike], weights: Sequence[float] | None = None) -> Scores:
    """Fuse late by scores: the weighted sum of what each channel says, standardised for each query.

    Args:
        channels: (q, n) each, such as query to picture and query to caption.
        weights: One for each channel, at least 0; None for equal ones.

    Raises:
        BadInput: If channels or weights do not fit together.
    """
    given = _checked_scores(channels)
    shares = _checked_weights(weights, len(given))
    total: Scores = np.einsum("c,cqn->qn", shares, np.stack([standard_scores(channel) for channel in given]))
    return total


def fused_ranks(channels: Sequence[ArrayLike], offset: float = RANK_OFFSET) -> Scores:
    """Fuse late by ranks: the sum of 1 / (offset + rank) (Cormack et al., SIGIR 2009).

    An item that lacks a modality adds nothing there; equal scores share the best of their ranks.

    Args:
        channels: (q, n) each.
        offset: The larger, the less the first ranks count.

    Raises:
        BadInput: If the channels do not fit together.
    """
    check_between("offset", offset, 0)
    total = np.zeros(np.shape(channels[0]) if len(channels) else (0, 0))
    for channel in _checked_scores(channels):
        ranks = 1 + np.stack([np.searchsorted(np.sort(-row), -row) for row in channel])  # best of equal scores
        total += np.where(np.isfinite(channel), 1 / (offset + ranks), 0.0)
    return total


class HybridFusion(BaseEstimator):  # type: ignore[misc]  # scikit-learn has no annotations
    """Learns by which weights to add channels: scores of joined features beside scores of each modality.

    Maximises the likelihood of the right items under a softmax of the weighted standardised scores; the weights are at
    least 0, and the problem is convex.

    Args:
        decay: Of the squared weights, which keeps channels that say the same from cancelling out.

    Attributes:
        weights_: (c,), one for each channel.
    """

    weights_: NDArray[np.float64]

    def __init__(self, decay: float = 1e-3) -> None:
        self.decay = decay

    def fit(self, channels: Sequence[ArrayLike], relevant: ArrayLike) -> Self:
        """Learn from queries whose right item is known.

        Args:
            channels: (q, n) each.
            relevant: (q,), the right item of each query.

        Raises:
            BadInput: If the channels do not fit together or a right item is none.
        """
        check_between("decay", self.decay, 0)
        given = np.stack([standard_scores(channel) for channel in _checked_scores(channels)])  # (c, q, n)
        right = _checked_relevant(relevant, given.shape[1], given.shape[2])
        own = given[:, np.arange(len(right)), right]  # (c, q)

        def loss(weights: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
            mixed = np.einsum("c,cqn->qn", weights, given)
            total = logsumexp(mixed, axis=1)
            belief = np.exp(mixed - total[:, None])
            slope = (np.einsum("qn,cqn->cq", belief, given) - own).mean(axis=1) + 2 * self.decay * weights
            return float((total - weights @ own).mean() + self.decay * weights @ weights), slope

        found = minimize(loss, np.ones(len(given)), jac=True, method="L-BFGS-B", bounds=[(0, None)] * len(given))
        self.weights_ = found.x
        return self

    def fuse(self, channels: Sequence[ArrayLike]) -> Scores:
        """Return fused scores (q, n) of the channels that `fit` was given, for these queries.

        Raises:
            BadInput: If this is not fitted, or there are other channels than in `fit`.
        """
        if not hasattr(self, "weights_"):
            raise BadInput("This HybridFusion has learnt nothing yet; call fit first.")
        return fused_scores(channels, list(self.weights_))


def _checked_scores(channels: Sequence[ArrayLike]) -> list[Scores]:
    found = [np.asarray(channel, np.float64) for channel in channels]
    if not found or found[0].ndim != 2 or any(channel.shape != found[0].shape for channel in found):
        raise BadInput(f"Channels have shapes {[c.shape for c in found]}; needed is (queries, items), alike for all.")
    for i, channel in enumerate(found):
        if np.isnan(channel).any() or np.isposinf(channel).any():
            raise BadInput(f"Channel {i} holds NaN or infinity; -inf marks an item that lacks the modality.")
    return found


def _checked_weights(weights: Sequence[float] | None, count: int) -> NDArray[np.float64]:
    given = np.ones(count) if weights is None else np.asarray(weights, np.float64)
    if given.shape != (count,) or not np.isfinite(given).all() or (given < 0).any():
        raise BadInput(f"Weights are {weights}; needed are {count} numbers of at least 0.")
    return given


def _checked_relevant(relevant: ArrayLike, queries: int, items: int) -> Ids:
    right = np.asarray(relevant)
    if right.shape != (queries,) or right.dtype.kind not in "iu" or not np.isin(right, np.arange(items)).all():
        raise BadInput(f"`relevant` must hold an item, 0 to {items - 1}, for each of {queries} queries.")
    return right.astype(np.int64)
