from copy import deepcopy

import pytest
import torch

from mmsearch.nets.heads import Head
from mmsearch.training.heads_loop import Heads, HeadsLoop, LoopSettings, PairFeatures, draw_epoch

SETTINGS = LoopSettings(epochs=4, batch=3, learning_rate=0.01, warm_up=0.25)


def pairs():
    generator = torch.Generator().manual_seed(0)
    owner = torch.tensor([0, 0, 0, 1, 1, 2, 2])
    group = torch.tensor([0, 0, 1, 0, 0, 1, 1])
    return PairFeatures(
        torch.randn(2, 3, 5, generator=generator), torch.randn(7, 4, generator=generator), owner, group, torch.arange(7)
    )


def heads(dropout=0.5):
    torch.manual_seed(0)
    return Heads(Head(5, 3, 2, dropout), Head(4, 3, 2, dropout), temperature=0.1)


def test_an_epoch_draws_one_text_of_every_picture_and_language():
    drawn = draw_epoch(pairs(), torch.Generator().manual_seed(1))

    assert sorted(zip(pairs().owner[drawn].tolist(), pairs().group[drawn].tolist(), strict=True)) == [
        (0, 0), (0, 1), (1, 0), (2, 1),
    ]  # fmt: skip


def test_over_many_epochs_every_text_is_drawn_as_often_as_its_siblings():
    generator = torch.Generator().manual_seed(2)
    drawn = torch.cat([draw_epoch(pairs(), generator) for _ in range(2000)])

    counts = torch.bincount(drawn, minlength=7)
    assert counts[2] == 2000
    assert counts[[0, 1, 3, 4, 5, 6]].tolist() == pytest.approx([1000] * 6, abs=120)


def test_the_rate_warms_up_and_falls_to_zero():
    loop = HeadsLoop(heads(), pairs(), SETTINGS)  # 2 steps an epoch, 8 in all
    rates = []
    for loop.step in range(8):
        rates.append(loop._rate())

    assert rates[:2] == pytest.approx([0.005, 0.01])
    assert rates == [*rates[:2], *sorted(rates[2:], reverse=True)]
    assert rates[-1] == pytest.approx(0, abs=1e-9)


def test_a_restored_loop_goes_on_as_the_first_would_have():
    first, second = HeadsLoop(heads(), pairs(), SETTINGS), HeadsLoop(heads(), pairs(), SETTINGS)
    first.run_epoch()
    second.restore(deepcopy(first.state()))

    assert first.run_epoch() == second.run_epoch()
    for a, b in zip(first.averaged.parameters(), second.averaged.parameters(), strict=True):
        assert torch.equal(a, b)


def test_the_random_numbers_of_others_are_left_alone():
    loop = HeadsLoop(heads(), pairs(), SETTINGS)
    before = torch.get_rng_state()

    loop.run_epoch()

    assert torch.equal(torch.get_rng_state(), before)


def test_dropout_changes_the_loss_and_nothing_else_does():
    loops = [HeadsLoop(heads(dropout), pairs(), SETTINGS) for dropout in (0.0, 0.0, 0.5)]

    dry, again, dropped = (loop.run_epoch() for loop in loops)

    assert dry == again != dropped
