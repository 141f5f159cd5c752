import math

import pytest
import torch

from mmsearch.nets.messages import MessageLayer, nearest


def test_a_message_equals_its_definition_node_by_node():
    torch.manual_seed(0)
    layer = MessageLayer(4).requires_grad_(False)
    states, own, across = torch.randn(3, 4), torch.randn(3, 5, 4), torch.randn(3, 5, 4)

    found = layer(states, own, across)

    for i in range(3):
        scores = [float(layer.query(states[i]) @ layer.key(own[i, j])) / 2 for j in range(5)]
        weights = [math.exp(s) / sum(map(math.exp, scores)) for s in scores]
        mean_own = sum(w * own[i, j] for j, w in enumerate(weights))
        mean_across = sum(w * across[i, j] for j, w in enumerate(weights))
        expected = states[i] + layer.own(mean_own) + layer.across(mean_across)
        assert found[i].tolist() == pytest.approx((expected / expected.norm()).tolist(), abs=1e-5)


def test_the_order_of_neighbours_does_not_matter():
    torch.manual_seed(0)
    layer = MessageLayer(4).requires_grad_(False)
    states, own, across = torch.randn(2, 4), torch.randn(2, 3, 4), torch.randn(2, 3, 4)
    order = [2, 0, 1]

    turned = layer(states, own[:, order], across[:, order])

    assert turned.numpy() == pytest.approx(layer(states, own, across).numpy(), abs=1e-6)


def test_the_nearest_come_first_and_the_forbidden_never():
    queries, keys = torch.tensor([[1.0, 0.0]]), torch.tensor([[0.1, 9.0], [3.0, 0.0], [2.0, 0.0]])

    assert nearest(queries, keys, 2).tolist() == [[1, 2]]
    assert nearest(queries, keys, 2, torch.tensor([[False, True, False]])).tolist() == [[2, 0]]
