"""Kernel CCA by random Fourier features."""

from collections.abc import Mapping

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from mmsearch.alignment.base import set_arrays, tensors_of
from mmsearch.alignment.cca import CCA
from mmsearch.alignment.checks import Pairs, Rows, check_between, check_count
from mmsearch.nets.projections import Waves

SAMPLE = 1000  # rows whose distances set the width of the kernel
_ARRAYS = ("image_frequencies_", "text_frequencies_")


class KernelCCA(CCA):
    """CCA of features lifted by a Gaussian kernel, so that it finds curved relations too.

    The kernel exp(-‖x - y‖² / 2σ²) is an inner product of cosines and sines of random projections (Rahimi & Recht,
    NIPS 2007), on which CCA is linear (Lopez-Paz et al., ICML 2014), so data of any length can be learnt from.
    Parameters that are not named here are those of `CCA`; ridges are shares of the variance of a lifted column.

    Args:
        components: How many, at most; None for all.
        image_ridge: Of lifted image features.
        text_ridge: Of lifted text features.
        power: Of the correlations, by which components are weighted.
        class_share: Share of the covariance that is taken over all pairs of one class.
        frequencies: Random projections a side, each of which gives a cosine and a sine.
        bandwidth: σ in units of the median distance between rows of a side.
        random_state: Seed of the projections.
    """

    image_frequencies_: NDArray[np.float32]  # (d1, frequencies)
    text_frequencies_: NDArray[np.float32]

    def __init__(
        self,
        components: int | None = 512,
        image_ridge: float = 1.0,
        text_ridge: float = 0.3,
        power: float = 1.0,
        class_share: float = 0.0,
        frequencies: int = 1000,
        bandwidth: float = 1.5,
        random_state: int = 0,
    ) -> None:
        super().__init__(components, image_ridge, text_ridge, power, class_share)
        self.frequencies = frequencies
        self.bandwidth = bandwidth
        self.random_state = random_state

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_count("frequencies", self.frequencies)
        check_between("bandwidth", self.bandwidth, 1e-6)
        check_count("random_state", self.random_state, 0)

    def _prepare(self, pairs: Pairs) -> None:
        random = np.random.default_rng(self.random_state)
        self.image_frequencies_ = self._draw(pairs.image, random)
        self.text_frequencies_ = self._draw(pairs.text, random)

    def _draw(self, rows: Rows, random: np.random.Generator) -> NDArray[np.float32]:
        """Return projections (d, frequencies) whose cosines and sines give the kernel of these rows (n, d)."""
        sigma = self.bandwidth * median_distance(rows, random)
        drawn = random.standard_normal((rows.shape[1], self.frequencies)) / sigma
        return drawn.astype(np.float32)

    def _lift(self, rows: Rows, view: int) -> Rows:
        frequencies = (self.image_frequencies_, self.text_frequencies_)[view]
        angles = rows.astype(np.float32, copy=False) @ frequencies  # (n, frequencies)
        lifted: Rows = np.concatenate([np.cos(angles), np.sin(angles)], axis=1) / np.float32(
            np.sqrt(frequencies.shape[1])
        )
        return lifted

    def _lifting(self, view: int) -> tuple[nn.Module, ...]:
        return (Waves.of(torch.from_numpy((self.image_frequencies_, self.text_frequencies_)[view])),)

    def _tensors(self) -> dict[str, Tensor]:
        return super()._tensors() | tensors_of(self, _ARRAYS)

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        super()._restore(tensors)
        set_arrays(self, _ARRAYS, tensors)


def median_distance(rows: Rows, random: np.random.Generator) -> float:
    """Return the median distance between rows (n, d) drawn at random; 1 if they are all the same."""
    drawn = rows[np.sort(random.permutation(len(rows))[:SAMPLE])].astype(np.float64)
    lengths = (drawn**2).sum(axis=1)
    squares = lengths[:, None] + lengths - 2 * drawn @ drawn.T  # (s, s)
    distances = np.sqrt(np.maximum(squares[np.triu_indices(len(drawn), 1)], 0))
    median = float(np.median(distances))
    return median if median > 0 else 1.0
