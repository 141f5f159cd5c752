import math

import pytest
import torch

from mmsearch.losses.contrastive import contrastive_loss, directed_loss, same_pairs, shared_with


def unit_rows(n, width, seed):
    return torch.nn.functional.normalize(torch.randn(n, width, generator=torch.Generator().manual_seed(seed)), dim=1)


def one_way_by_hand(queries, candidates, scale, same, smoothing):
    n, total = len(queries), 0.0
    for i in range(n):
        allowed = [j for j in range(n) if same is None or not same[i][j]]
        scores = {j: math.exp(scale * float(queries[i] @ candidates[j])) for j in allowed}
        for j in allowed:
            target = smoothing / len(allowed) + (1 - smoothing) * (i == j)
            total -= target * math.log(scores[j] / sum(scores.values()))
    return total / n


def by_hand(image, text, scale, same=None, smoothing=0.0):
    """The definition, one pair at a time. Slow on purpose."""
    return (
        one_way_by_hand(image, text, scale, same, smoothing) + one_way_by_hand(text, image, scale, same, smoothing)
    ) / 2


@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("width", [1, 2, 5])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 0.9])
def test_equals_its_definition(n, width, smoothing):
    image, text = unit_rows(n, width, 1), unit_rows(n, width, 2)

    loss = contrastive_loss(image, text, 10.0, smoothing=smoothing)

    assert loss.item() == pytest.approx(by_hand(image, text, 10.0, smoothing=smoothing), abs=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_equals_its_definition_where_pairs_share_a_picture_or_a_text(smoothing):
    image, text = unit_rows(6, 4, 3), unit_rows(6, 4, 4)
    same = same_pairs(torch.tensor([0, 0, 1, 2, 3, 4]), torch.tensor([0, 1, 2, 2, 3, 4]))

    loss = contrastive_loss(image, text, 5.0, same, smoothing)

    assert loss.item() == pytest.approx(by_hand(image, text, 5.0, same.tolist(), smoothing), abs=1e-5)


def test_pairs_that_share_a_picture_or_a_text_are_found_and_a_pair_is_not_its_own_twin():
    same = same_pairs(torch.tensor([7, 7, 8]), torch.tensor([1, 2, 2]))

    assert same.tolist() == [[False, True, False], [True, False, True], [False, True, False]]


def test_a_masked_pair_does_not_change_the_loss_however_alike_it_is():
    image, text = unit_rows(3, 4, 5), unit_rows(3, 4, 6)
    same = same_pairs(torch.tensor([0, 0, 1]), torch.tensor([0, 1, 2]))
    turned = text.clone()
    turned[1] = image[0]

    before = one_way_by_hand(image[:1], text[:1], 9.0, None, 0.0)
    loss = contrastive_loss(image[:2], turned[:2], 9.0, same[:2, :2])

    assert loss.item() == pytest.approx(before, abs=1e-6)


def test_swapping_the_sides_changes_nothing():
    image, text = unit_rows(5, 3, 7), unit_rows(5, 3, 8)

    assert contrastive_loss(image, text, 4.0, smoothing=0.1).item() == pytest.approx(
        contrastive_loss(text, image, 4.0, smoothing=0.1).item(), abs=1e-6
    )


def test_a_single_pair_costs_nothing():
    assert contrastive_loss(unit_rows(1, 3, 0), unit_rows(1, 3, 1), 20.0, smoothing=0.1).item() == pytest.approx(0)


def test_the_gradient_is_finite_where_everything_else_is_masked():
    image, text = unit_rows(2, 3, 1).requires_grad_(), unit_rows(2, 3, 2)
    same = torch.tensor([[False, True], [True, False]])

    contrastive_loss(image, text, 10.0, same, 0.1).backward()

    assert image.grad.isfinite().all()


def directed_by_hand(queries, keys, scale, never):
    """InfoNCE one way, a row at a time."""
    losses = []
    for i, query in enumerate(queries):
        logits = [scale * float(query @ key) for key in keys]
        allowed = [math.exp(x) for j, x in enumerate(logits) if not never[i][j]]
        losses.append(math.log(sum(allowed)) - logits[i])
    return losses


def test_further_keys_are_negatives_unless_they_may_match():
    torch.manual_seed(1)
    queries, keys = (torch.nn.functional.normalize(torch.randn(n, 8), dim=1) for n in (3, 7))
    never = torch.zeros(3, 7, dtype=torch.bool)
    never[0, 5] = never[2, 1] = True

    loss = directed_loss(queries, keys, 5.0, never)

    assert loss.tolist() == pytest.approx(directed_by_hand(queries, keys, 5.0, never), rel=1e-4)


def test_soft_targets_take_their_share():
    torch.manual_seed(2)
    queries, keys = (torch.nn.functional.normalize(torch.randn(n, 8), dim=1) for n in (2, 4))
    soft = torch.tensor([[0.7, 0.1, 0.1, 0.1], [0.0, 0.5, 0.5, 0.0]])

    mixed = directed_loss(queries, keys, 3.0, soft=soft, softness=0.4)

    logs = (3.0 * queries @ keys.T).log_softmax(1)
    expected = [
        -0.6 * logs[i, i].item() - 0.4 * sum(soft[i, j].item() * logs[i, j].item() for j in range(4)) for i in range(2)
    ]
    assert mixed.tolist() == pytest.approx(expected, rel=1e-4)


def test_a_key_with_the_same_picture_or_text_is_known():
    shared = shared_with(
        torch.tensor([1, 2]), torch.tensor([10, 20]), torch.tensor([1, 3, 4]), torch.tensor([99, 20, 30])
    )

    assert shared.tolist() == [[True, False, False], [False, True, False]]
