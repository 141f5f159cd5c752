import math

import pytest
import torch

from mmsearch.losses.structure import structure_loss


def rows(n, width, seed):
    return torch.randn(n, width, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def neighbours_by_hand(matrix, temperature):
    centred = matrix - matrix.mean(0)
    found = []
    for i in range(len(matrix)):
        weights = []
        for j in range(len(matrix)):
            cosine = float(centred[i] @ centred[j] / (centred[i].norm() * centred[j].norm()))
            weights.append(0.0 if i == j else math.exp(cosine / temperature))
        found.append([weight / sum(weights) for weight in weights])
    return torch.tensor(found, dtype=torch.float64)


def divergence_by_hand(left, right):
    total = 0.0
    for p, q in zip(left.flatten().tolist(), right.flatten().tolist(), strict=True):
        middle = (p + q) / 2
        total += (p * math.log(p / middle) if p else 0) / 2 + (q * math.log(q / middle) if q else 0) / 2
    return total / len(left)


@pytest.mark.parametrize("n", [3, 6])
@pytest.mark.parametrize("levels", [1, 3])
def test_equals_its_definition(n, levels):
    features, codes = rows(n, 5, 1), rows(n, 3, 2)
    before, after = neighbours_by_hand(features, 0.4), neighbours_by_hand(codes, 0.4)
    expected = sum(
        divergence_by_hand(torch.linalg.matrix_power(before, k), torch.linalg.matrix_power(after, k)) / k
        for k in range(1, levels + 1)
    )

    loss = structure_loss(features, codes, levels, 0.4)

    assert loss.item() == pytest.approx(expected / levels, abs=1e-9)


def test_a_turned_and_scaled_copy_keeps_all_neighbourhoods():
    features = rows(8, 5, 3)
    turn = torch.linalg.qr(rows(5, 5, 4)).Q

    assert structure_loss(features, 3 * features @ turn + 1, 2).item() == pytest.approx(0, abs=1e-9)


def test_no_gradient_reaches_the_features():
    features, codes = rows(5, 3, 1).requires_grad_(), rows(5, 3, 2).requires_grad_()

    structure_loss(features, codes).backward()

    assert features.grad is None
    assert codes.grad.abs().sum() > 0


@pytest.mark.parametrize("n", [1, 2])
def test_with_too_few_rows_to_have_neighbours_it_is_zero(n):
    assert structure_loss(rows(n, 3, 1), rows(n, 3, 2)).item() == 0
