"""Means and covariances of several views, gathered block by block in bounded memory."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mmsearch.alignment.checks import BLOCK, Pairs, Rows
from mmsearch.errors import BadInput

Matrix = NDArray[np.float64]
_ORIGIN = 1024  # rows that say where a view lies and how widely


class Moments:
    """Weighted first and second moments of views laid side by side.

    Blocks are multiplied in the type of the data, float32 or float64, and summed in float64. Each view is first
    shifted and scaled by mean and deviation of its first rows: large means would cost digits, and very large or
    small values leave the range of float32.

    Args:
        widths: Columns of each view.
    """

    def __init__(self, widths: Sequence[int]) -> None:
        self.widths = tuple(widths)
        ends = np.cumsum(self.widths)
        self._slices = [slice(int(end) - width, int(end)) for end, width in zip(ends, self.widths, strict=True)]
        size = int(ends[-1])
        self.weight = 0.0
        self._sum, self._products = np.zeros(size), np.zeros((size, size))
        self._shift = self._scale = np.zeros(0)
        self.rounding = 0.0  # share of the largest variance that may be rounding
        self._room: Rows = np.empty((0, size), np.float32)  # for a block; making it anew takes as long as filling it

    def add(self, views: Sequence[Rows], weights: NDArray[np.floating] | None = None) -> None:
        """Add a block of items.

        Args:
            views: One (b, width) matrix for each view, rows belonging together.
            weights: (b,), how often each item counts; None for once.
        """
        if self.weight == 0.0:
            self._set_origin(views)
        rows = self._rows(len(views[0]), np.result_type(*views))
        for view, part in zip(views, self._slices, strict=True):
            np.subtract(view, self._shift[part].astype(rows.dtype), out=rows[:, part])
        rows *= (1 / self._scale).astype(rows.dtype)
        weight = np.ones(len(rows)) if weights is None else weights.astype(np.float64)
        self._sum += weight.astype(rows.dtype) @ rows
        if weights is not None:
            rows *= np.sqrt(weight).astype(rows.dtype)[:, None]
        self._products += rows.T @ rows
        self.weight += float(weight.sum())

    def _rows(self, count: int, dtype: np.dtype[Any]) -> Rows:
        """Return room for so many rows, (count, sum of widths), used again by each block."""
        if len(self._room) < count or self._room.dtype != dtype:
            self._room = np.empty((count, self._room.shape[1]), dtype)
        return self._room[:count]

    def add_scatter(self, view: int, deviations: Rows) -> None:
        """Add what rows of one view, (b, width), deviate from values already added by `add`."""
        part = self._slices[view]
        rows = deviations * (1 / self._scale[part]).astype(deviations.dtype)
        self._products[part, part] += rows.T @ rows

    def _set_origin(self, views: Sequence[Rows]) -> None:
        views = [view[:_ORIGIN] for view in views]
        self._shift = np.concatenate([view.mean(axis=0, dtype=np.float64) for view in views])
        self._scale = np.ones(len(self._shift))
        self.rounding = 10 * float(np.finfo(np.result_type(*views)).eps)
        for view, part in zip(views, self._slices, strict=True):
            deviation = float(np.sqrt(np.var(view, axis=0, dtype=np.float64).mean()))
            self._scale[part] = deviation if deviation > 0 and np.isfinite(deviation) else 1.0

    def mean(self, view: int) -> NDArray[np.float64]:
        """Return the mean of a view, (width,)."""
        part = self._slices[view]
        return self._shift[part] + self._scale[part] * self._sum[part] / self.weight

    def scale(self, view: int) -> float:
        """Return the unit in which `covariance` measures a view."""
        return float(self._scale[self._slices[view].start])

    def covariance(self, view: int, other: int) -> Matrix:
        """Return the covariance of two views, (width, other width), each divided by its `scale`.

        Raises:
            BadInput: If the values were so large that it overflowed.
        """
        left, right = self._slices[view], self._slices[other]
        drift = self._sum / self.weight
        covariance: Matrix = self._products[left, right] / self.weight - np.outer(drift[left], drift[right])
        if not np.isfinite(covariance).all():
            raise BadInput("The features are so unequal in size that their covariance overflows; scale them first.")
        return covariance


def pair_blocks(pairs: Pairs) -> Iterator[tuple[Rows, Rows, NDArray[np.int64]]]:
    """Yield images (b, d1), their texts (t, d2) grouped by image, and how many each has (b,), some at a time."""
    order = np.argsort(pairs.owner, kind="stable")
    in_order = bool((pairs.owner[:-1] <= pairs.owner[1:]).all())
    counts = np.bincount(pairs.owner, minlength=len(pairs.image))
    ends = np.cumsum(counts)
    dtype = np.float64 if np.float64 in (pairs.image.dtype, pairs.text.dtype) else np.float32
    step = max(1, int(BLOCK // counts.mean()))
    for start in range(0, len(counts), step):
        block = slice(start, start + step)
        of_block = slice(int(ends[start] - counts[start]), int(ends[block][-1]))
        texts = pairs.text[of_block] if in_order else pairs.text[order[of_block]]  # a view where it can be
        yield pairs.image[block].astype(dtype, copy=False), texts.astype(dtype, copy=False), counts[block]


def add_pairs(moments: Moments, image: Rows, text: Rows, counts: NDArray[np.int64]) -> None:
    """Add a block as `pair_blocks` yields it, each text as a pair with its image.

    The texts of an image are summed before they are multiplied with it, so five captions a picture cost little
    more than one.
    """
    if (counts == 1).all():
        moments.add((image, text))
        return
    sums = np.add.reduceat(text, np.cumsum(counts) - counts)  # (b, d2)
    means = sums / counts[:, None].astype(text.dtype)
    moments.add((image, means), counts.astype(np.float64))
    moments.add_scatter(1, text - np.repeat(means, counts, axis=0))


class ClassMeans:
    """Means of images and texts within each class, gathered block by block."""

    def __init__(self, classes: int, widths: Sequence[int]) -> None:
        self._counts = np.zeros(classes)
        self._sums = [np.zeros((classes, width)) for width in widths]

    def add(self, image: Rows, text: Rows, counts: NDArray[np.int64], labels: NDArray[np.int64]) -> None:
        """Add a block as `pair_blocks` yields it, with the class of each image, (b,)."""
        np.add.at(self._counts, labels, counts)
        np.add.at(self._sums[0], labels, image * counts[:, None])
        np.add.at(self._sums[1], np.repeat(labels, counts), text)

    def covariance(self, moments: Moments) -> Matrix:
        """Return the covariance of images with texts over all pairs of one class, in the units of `moments`.

        Classes count by their number of texts.
        """
        left, right = (
            (sums / self._counts[:, None] - moments.mean(view)) / moments.scale(view)
            for view, sums in enumerate(self._sums)
        )  # (classes, width)
        covariance: Matrix = (left * (self._counts / self._counts.sum())[:, None]).T @ right
        return covariance
