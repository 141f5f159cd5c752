import math

import pytest
import torch
from torch import nn

from mmsearch.nets.fusion import Look
from mmsearch.scenes.truth import Box
from mmsearch.training.batches import Place
from mmsearch.training.grounding import Looks, centre_loss, centres, covered, look_loss

LEFT, DOT = Box(0.0, 0.0, 0.5, 1.0), Box(0.55, 0.05, 0.65, 0.15)


def test_a_thing_covers_the_cells_that_it_mostly_fills():
    cells = covered([[LEFT], [DOT], [LEFT, DOT]], 16).view(3, 4, 4)

    assert cells[0].tolist() == [[True, True, False, False]] * 4
    assert cells[1].nonzero().tolist() == [[0, 2]]
    assert torch.equal(cells[2], cells[0])


def test_the_middle_of_several_things_is_the_mean_of_theirs():
    found = centres([Place(0, 3, (LEFT,)), Place(0, 3, (LEFT, DOT), related=(DOT,))])

    assert found[0, :2].tolist() == pytest.approx([0.25, 0.5])
    assert found[0, 2:].isnan().all()
    assert found[1].tolist() == pytest.approx([0.425, 0.3, 0.6, 0.1])


def looked(weights, hidden):
    """One text of two tokens, of which the second names place 1, and two layers."""
    return [
        Looks(
            [Look(weights, hidden, weights[:, None]), Look(weights.flip(2), hidden, weights[:, None])],
            torch.tensor([[-1, 1]]),
        )
    ]


def test_words_should_look_where_what_they_name_is():
    weights = torch.tensor([[[0.9, 0.1, 0.0], [0.5, 0.3, 0.2]]])
    regions = torch.tensor([[True, False, False], [True, True, False]])

    loss = look_loss(looked(weights, torch.zeros(1, 2, 4)), regions)

    assert loss.item() == pytest.approx(-(math.log(0.8) + math.log(0.5)) / 2)


def test_a_word_that_looks_nowhere_near_has_a_finite_loss():
    weights = torch.tensor([[[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]])

    loss = look_loss(looked(weights, torch.zeros(1, 2, 4)), torch.tensor([[False] * 3, [False, True, False]]))

    assert loss.isfinite()


def test_words_should_know_the_middle_and_what_is_unknown_is_not_asked():
    hidden = torch.tensor([[[9.0, 9.0, 9.0, 9.0], [0.2, 0.4, 0.6, 0.8]]])
    middles = torch.tensor([[0.0] * 4, [0.3, 0.6, math.nan, math.nan]])

    loss = centre_loss(looked(torch.ones(1, 2, 3) / 3, hidden), middles, nn.Identity())

    assert loss.item() == pytest.approx((0.1 + 0.2) / 2)
