import pytest
import torch

from mmsearch.nets.descending import average_in, warm_then_cosine


def test_the_rate_rises_evenly_and_falls_to_zero():
    assert [warm_then_cosine(done, 0.5) for done in (0.25, 0.5, 0.75, 1.0)] == pytest.approx([0.5, 1.0, 0.5, 0.0])


def test_an_average_forgets_faster_at_first():
    mean, weights = torch.zeros(2), torch.ones(2)

    average_in([mean], [weights], average=0.9, step=1)
    assert mean.tolist() == pytest.approx([10 / 11] * 2)  # 1 of 11 is kept

    average_in([mean], [torch.zeros(2)], average=0.9, step=1000)
    assert mean.tolist() == pytest.approx([0.9 * 10 / 11] * 2)
