import math

import pytest
import torch

from mmsearch.losses.masking import draw_masked, masked_loss


def test_a_share_of_the_words_is_hidden_and_nothing_else():
    eligible = torch.zeros(50, 12, dtype=torch.bool)
    eligible[:, 2:10] = True

    hidden = draw_masked(eligible, torch.zeros_like(eligible), 0.25, torch.Generator().manual_seed(0))

    assert (hidden.sum(1) == 2).all()
    assert not (hidden & ~eligible).any()


def test_one_word_is_hidden_where_the_share_would_be_none():
    eligible = torch.tensor([[False, True, True, False], [False, False, False, False]])

    hidden = draw_masked(eligible, torch.zeros_like(eligible), 0.1, torch.Generator().manual_seed(0))

    assert hidden.sum(1).tolist() == [1, 0]


def test_preferred_words_are_hidden_three_times_as_often():
    eligible = torch.ones(20_000, 4, dtype=torch.bool)
    preferred = torch.zeros_like(eligible)
    preferred[:, 0] = True

    hidden = draw_masked(eligible, preferred, 0.25, torch.Generator().manual_seed(0))

    assert hidden[:, 0].float().mean().item() == pytest.approx(0.5, abs=0.02)  # 3 of 3 + 1 + 1 + 1


def test_the_loss_is_the_mean_surprise_at_the_hidden_words():
    logits = torch.tensor([[1.0, 0.0, 0.0], [0.0, 0.0, 2.0]])

    loss = masked_loss(logits, torch.tensor([0, 1]))

    by_hand = (math.log(math.e + 2) - 1 + math.log(2 + math.e**2)) / 2
    assert loss.item() == pytest.approx(by_hand, rel=1e-5)


def test_nothing_hidden_costs_nothing():
    assert masked_loss(torch.zeros(0, 5), torch.zeros(0, dtype=torch.int64)).item() == 0
