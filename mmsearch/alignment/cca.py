"""Canonical correlation analysis, in closed form."""

from collections.abc import Mapping
from typing import Self

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray
from torch import Tensor, nn

from mmsearch.alignment.base import Aligner, FitProgress, Report, set_arrays, tensors_of
from mmsearch.alignment.checks import Pairs, Rows, blocks_of, check_between, check_count, checked_pairs, checked_rows
from mmsearch.alignment.moments import ClassMeans, Matrix, Moments, add_pairs, pair_blocks
from mmsearch.alignment.whitening import whitener
from mmsearch.errors import BadInput
from mmsearch.nets.projections import Affine, Chain

_ARRAYS = ("image_mean_", "text_mean_", "image_weights_", "text_weights_", "correlations_")


class CCA(Aligner):
    """Finds the directions in which images and texts correlate most (Hotelling, 1936), with a ridge.

    Directions w maximise w₁ᵀ C w₂ under w₁ᵀ (S₁ + ridge) w₁ = w₂ᵀ (S₂ + ridge) w₂ = 1, each pair of them uncorrelated
    with the ones before. With ridges of 0 it is plain CCA. For search each component is weighted by a power of its
    correlation (Gong et al., IJCV 2014, there the fourth).

    Data of any length are gathered block by block; besides the data themselves a few matrices of
    (d1 + d2)² numbers are held. Float32 data are multiplied in float32 and summed in float64.

    Args:
        components: How many, at most; None for all, the smaller width.
        image_ridge: Share of the mean variance of image features that is added to each variance.
        text_ridge: The same of text features.
        power: Of the correlations, by which components are weighted; 0 for equal weights.
        class_share: Share of the covariance between images and texts that is taken over all pairs of one class
            rather than over given pairs (cluster CCA: Rasiwasia et al., AISTATS 2014); needs `labels`.

    Attributes:
        correlations_: (k,), on the training pairs and with the ridge, descending. `correlations` measures others.
        image_weights_: (d1, k), the directions.
        text_weights_: (d2, k)
    """

    image_mean_: NDArray[np.float64]
    text_mean_: NDArray[np.float64]
    image_weights_: Matrix
    text_weights_: Matrix
    correlations_: NDArray[np.float64]

    def __init__(
        self,
        components: int | None = None,
        image_ridge: float = 1.0,
        text_ridge: float = 0.1,
        power: float = 1.0,
        class_share: float = 0.0,
    ) -> None:
        self.components = components
        self.image_ridge = image_ridge
        self.text_ridge = text_ridge
        self.power = power
        self.class_share = class_share

    def partial_fit(self, image: ArrayLike, text: ArrayLike, *, owner: ArrayLike | None = None) -> Self:
        """Learn from further pairs besides those of earlier calls; arguments as for `fit`.

        Only `partial_fit` is remembered by `partial_fit`: after `fit` or `load` it begins anew. Classes cannot be
        given, since their means are not known before the last block.

        Raises:
            BadInput: If the pairs cannot be used, or are of other widths than earlier ones.
        """
        self._check_parameters()
        pairs = checked_pairs(image, text, owner)
        widths = (pairs.image.shape[1], pairs.text.shape[1])
        if not hasattr(self, "moments_"):
            self._forget()
            self._prepare(pairs)
            self.moments_ = Moments(self._lifted_widths(pairs))
            self.widths_ = widths
        if widths != self.widths_:
            raise BadInput(f"These pairs have {widths} columns; earlier ones had {self.widths_}.")
        for first, second, counts in pair_blocks(pairs):
            add_pairs(self.moments_, self._lift(first, 0), self._lift(second, 1), counts)
        self._solve(self.moments_, self.moments_.covariance(0, 1))
        return self

    def correlations(self, image: ArrayLike, text: ArrayLike, *, owner: ArrayLike | None = None) -> NDArray[np.float64]:
        """Return how strongly each pair of components correlates on these pairs, (k,): use pairs that were held out.

        A component that does not vary on them correlates at 0.

        Raises:
            BadInput: If this is not fitted or the pairs cannot be used.
        """
        self._check_fitted()
        pairs = checked_pairs(
            checked_rows(image, "image features", self.widths_[0]),
            checked_rows(text, "text features", self.widths_[1]),
            owner,
        )
        views = (pairs.image, 0), (pairs.text, 1)
        left, right = (np.concatenate([self._components(b, v) for b in blocks_of(rows)]) for rows, v in views)
        left = left[pairs.owner]
        left, right = left - left.mean(axis=0), right - right.mean(axis=0)
        spread = np.sqrt((left**2).sum(axis=0) * (right**2).sum(axis=0))  # (k,)
        together = (left * right).sum(axis=0)
        found: NDArray[np.float64] = np.divide(together, spread, out=np.zeros_like(together), where=spread > 0)
        return found

    def _check_parameters(self) -> None:
        if self.components is not None:
            check_count("components", self.components)
        check_between("image_ridge", self.image_ridge, 0)
        check_between("text_ridge", self.text_ridge, 0)
        check_between("power", self.power, 0)
        check_between("class_share", self.class_share, 0, 1)

    def _learn(self, pairs: Pairs, progress: Report | None) -> None:
        if self.class_share and pairs.labels is None:
            raise BadInput(f"class_share is {self.class_share}, but no labels were given.")
        self._prepare(pairs)
        moments = Moments(self._lifted_widths(pairs))
        classes = ClassMeans(0 if pairs.labels is None else int(pairs.labels.max()) + 1, moments.widths)
        done = 0
        for first, second, counts in pair_blocks(pairs):
            image, text = self._lift(first, 0), self._lift(second, 1)
            if self.class_share and pairs.labels is not None:
                classes.add(image, text, counts, pairs.labels[done : done + len(image)])
            add_pairs(moments, image, text, counts)
            done += len(first)
            if progress is not None:
                progress(FitProgress(done, len(pairs.image)))
        cross = moments.covariance(0, 1)
        if self.class_share:
            cross = (1 - self.class_share) * cross + self.class_share * classes.covariance(moments)
        self._solve(moments, cross)

    def _solve(self, moments: Moments, cross: Matrix) -> None:
        """Find the directions from the moments and the covariance between images and texts."""
        image = _whitener(moments, 0, self.image_ridge, "image")
        text = _whitener(moments, 1, self.text_ridge, "text")
        between = torch.from_numpy(image.T @ cross @ text)
        left, correlations, right = (x.numpy() for x in torch.linalg.svd(between, full_matrices=False))
        kept = slice(self.components)
        self.correlations_ = np.clip(correlations[kept], 0.0, 1.0)  # rounding may lead out of the range
        self.image_weights_ = image @ left[:, kept] / moments.scale(0)
        self.text_weights_ = text @ right.T[:, kept] / moments.scale(1)
        self.image_mean_, self.text_mean_ = moments.mean(0), moments.mean(1)

    def _components(self, rows: Rows, view: int) -> Rows:
        """Return the components of features (n, d), each of variance 1 on the training pairs but for the ridge."""
        mean, weights = ((self.image_mean_, self.image_weights_), (self.text_mean_, self.text_weights_))[view]
        lifted = self._lift(rows, view)
        components: Rows = (lifted - mean.astype(lifted.dtype)) @ weights.astype(lifted.dtype)
        return components

    def _project(self, rows: Rows, view: int) -> Rows:
        weighted: Rows = self._components(rows, view) * self.correlations_**self.power
        return weighted

    def projection(self, view: int) -> nn.Module:
        """Return the map of a view as a network."""
        self._check_fitted()
        mean, weights = ((self.image_mean_, self.image_weights_), (self.text_mean_, self.text_weights_))[view]
        weighted = weights * self.correlations_**self.power
        return Chain(*self._lifting(view), Affine.of(torch.from_numpy(mean), torch.from_numpy(weighted)))

    def _lifting(self, view: int) -> tuple[nn.Module, ...]:
        """Return `_lift` as networks; none here."""
        return ()

    def _prepare(self, pairs: Pairs) -> None:
        """Set what `_lift` needs; nothing here."""

    def _lift(self, rows: Rows, view: int) -> Rows:
        """Map features to those that are correlated: here themselves."""
        return rows

    def _lifted_widths(self, pairs: Pairs) -> tuple[int, int]:
        return self._lift(pairs.image[:1], 0).shape[1], self._lift(pairs.text[:1], 1).shape[1]

    def _tensors(self) -> dict[str, Tensor]:
        return tensors_of(self, _ARRAYS)

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        set_arrays(self, _ARRAYS, tensors)


def _whitener(moments: Moments, view: int, ridge: float, what: str) -> Matrix:
    """Whiten one side, or say that nothing in it varies."""
    found = whitener(moments.covariance(view, view), ridge, moments.rounding)
    if found.shape[1] == 0:
        raise BadInput(f"All {what} features are the same in every row, so nothing can be learnt from them.")
    return found
