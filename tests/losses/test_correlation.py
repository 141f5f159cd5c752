import numpy as np
import pytest
import torch

from mmsearch.alignment.cca import CCA
from mmsearch.losses.correlation import total_correlation


def codes(n, width, seed):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("widths", [(1, 1), (3, 2), (4, 4)])
@pytest.mark.parametrize("ridge", [1e-6, 0.3])
def test_is_the_sum_of_the_canonical_correlations(widths, ridge):
    first = codes(40, widths[0], 1)
    second = codes(40, widths[1], 2) + first[:, :1]
    cca = CCA(image_ridge=ridge, text_ridge=ridge).fit(first.numpy(), second.numpy())

    assert total_correlation(first, second, ridge).item() == pytest.approx(cca.correlations_.sum(), abs=1e-9)


def test_its_gradient_is_that_of_finite_differences():
    first, second = codes(12, 3, 3).requires_grad_(), codes(12, 2, 4).requires_grad_()
    total_correlation(first, second, 0.1).backward()
    step = 1e-6
    for given in (first, second):
        expected = np.zeros(given.shape)
        for i in range(given.shape[0]):
            for j in range(given.shape[1]):
                ends = []
                for sign in (1, -1):
                    moved = given.detach().clone()
                    moved[i, j] += sign * step
                    pair = (moved, second.detach()) if given is first else (first.detach(), moved)
                    ends.append(total_correlation(*pair, 0.1).item())
                expected[i, j] = (ends[0] - ends[1]) / (2 * step)

        assert given.grad.numpy() == pytest.approx(expected, abs=1e-7)


def test_turning_and_scaling_one_side_changes_nothing_without_a_ridge():
    first, second = codes(30, 3, 5), codes(30, 3, 6)
    mixing = codes(3, 3, 7)

    assert total_correlation(first @ mixing + 5, second, 1e-12).item() == pytest.approx(
        total_correlation(first, second, 1e-12).item(), abs=1e-6
    )


def test_codes_that_do_not_vary_correlate_with_nothing():
    assert total_correlation(torch.ones(5, 2), codes(5, 2, 1), 0.1).item() == pytest.approx(0, abs=1e-6)
