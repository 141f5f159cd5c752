"""CCA of two or more views."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.linalg import eigh  # type: ignore[import-untyped]  # it has no annotations
from torch import Tensor, nn

from mmsearch.alignment.base import FitProgress, Report, ViewsAligner
from mmsearch.alignment.checks import BLOCK, Pairs, Rows, check_between, check_count
from mmsearch.alignment.moments import Matrix, Moments, add_pairs, pair_blocks
from mmsearch.alignment.whitening import whitener
from mmsearch.errors import BadInput
from mmsearch.nets.projections import Affine


class MultisetCCA(ViewsAligner):
    """Finds directions in two or more views of the same items that all correlate, such as picture, English, Chinese.

    Maximises Σ_{i≠j} wᵢᵀ Cᵢⱼ wⱼ under Σᵢ wᵢᵀ (Sᵢ + ridge) wᵢ = n (Kettenring, Biometrika 1971; the form whose
    solution is an eigenproblem). With two views it is `CCA`.

    Args:
        components: How many, at most; None for as many as correlate positively.
        ridges: Share of the mean variance that is added to each variance, one for each view, or one for all.
        power: Of the correlations, by which components are weighted.

    Attributes:
        correlations_: (k,), mean correlation between two views on the training items and with the ridge, descending.
        means_: One (d,) for each view.
        weights_: One (d, k) for each view.
    """

    correlations_: NDArray[np.float64]
    means_: tuple[NDArray[np.float64], ...]
    weights_: tuple[Matrix, ...]

    def __init__(
        self, components: int | None = None, ridges: float | tuple[float, ...] = 0.3, power: float = 1.0
    ) -> None:
        self.components = components
        self.ridges = ridges
        self.power = power

    def _check_parameters(self) -> None:
        if self.components is not None:
            check_count("components", self.components)
        for ridge in self._each_ridge(1):
            check_between("ridges", ridge, 0)
        check_between("power", self.power, 0)

    def _each_ridge(self, views: int) -> tuple[float, ...]:
        return tuple(self.ridges) if isinstance(self.ridges, tuple | list) else (self.ridges,) * views

    def _learn(self, pairs: Pairs, progress: Report | None) -> None:
        moments = Moments((pairs.image.shape[1], pairs.text.shape[1]))
        for image, text, counts in pair_blocks(pairs):
            add_pairs(moments, image, text, counts)
        self._solve(moments)

    def _learn_views(self, views: tuple[Rows, ...], progress: Report | None) -> None:
        moments = Moments([view.shape[1] for view in views])
        dtype = np.float64 if any(view.dtype == np.float64 for view in views) else np.float32
        for start in range(0, len(views[0]), BLOCK):
            block: list[Rows] = [view[start : start + BLOCK].astype(dtype, copy=False) for view in views]
            moments.add(block)
            if progress is not None:
                progress(FitProgress(start + len(block[0]), len(views[0])))
        self._solve(moments)

    def _solve(self, moments: Moments) -> None:
        views = range(len(moments.widths))
        ridges = self._each_ridge(len(views))
        if len(ridges) != len(views):
            raise BadInput(f"There are {len(views)} views and {len(ridges)} ridges; give one for each, or one number.")
        whiteners = [whitener(moments.covariance(i, i), ridges[i], moments.rounding) for i in views]
        for i in views:
            if whiteners[i].shape[1] == 0:
                raise BadInput(f"All features of view {i} are the same in every row; nothing can be learnt from them.")
        ends = np.cumsum([w.shape[1] for w in whiteners])
        parts = [slice(int(end) - w.shape[1], int(end)) for end, w in zip(ends, whiteners, strict=True)]
        together = np.zeros((int(ends[-1]), int(ends[-1])))
        for i in views:
            for j in range(i):
                together[parts[i], parts[j]] = whiteners[i].T @ moments.covariance(i, j) @ whiteners[j]
        values, vectors = self._leading(together, min(w.shape[1] for w in whiteners))
        self.correlations_ = np.minimum(values / (len(views) - 1), 1.0)
        self.means_ = tuple(moments.mean(i) for i in views)
        self.weights_ = tuple(np.sqrt(len(views)) * whiteners[i] @ vectors[parts[i]] / moments.scale(i) for i in views)

    def _leading(self, lower: Matrix, narrowest: int) -> tuple[NDArray[np.float64], Matrix]:
        """Return the largest positive eigenvalues of a matrix given by its lower triangle, and their vectors."""
        count = min(self.components or narrowest, len(lower))
        values, vectors = eigh(lower, subset_by_index=(len(lower) - count, len(lower) - 1))
        positive = max(1, int((values > 0).sum()))
        return np.maximum(values[::-1][:positive], 0), vectors[:, ::-1][:, :positive]

    def _project(self, rows: Rows, view: int) -> Rows:
        centred = rows - self.means_[view].astype(rows.dtype)
        projected: Rows = centred @ self.weights_[view].astype(rows.dtype) * self.correlations_**self.power
        return projected

    def projection(self, view: int) -> nn.Module:
        """Return the map of a view as a network."""
        self._check_fitted()
        weighted = self.weights_[view] * self.correlations_**self.power
        return Affine.of(torch.from_numpy(self.means_[view]), torch.from_numpy(weighted))

    def _tensors(self) -> dict[str, Tensor]:
        tensors = {"correlations": torch.from_numpy(self.correlations_)}
        for i, (mean, weights) in enumerate(zip(self.means_, self.weights_, strict=True)):
            tensors |= {f"mean.{i}": torch.from_numpy(mean), f"weights.{i}": torch.from_numpy(weights.copy())}
        return tensors

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        views = range(len(self.widths_))
        self.correlations_ = tensors["correlations"].numpy()
        self.means_ = tuple(tensors[f"mean.{i}"].numpy() for i in views)
        self.weights_ = tuple(tensors[f"weights.{i}"].numpy() for i in views)
