import math

import pytest
import torch

from mmsearch.losses.adversarial import gradient_penalty, modality_loss, reverse_gradient, wasserstein_gap


def test_modality_loss_equals_its_definition():
    image, text = torch.tensor([0.3, -2.0, 5.0]), torch.tensor([1.0, -0.5])

    def probability(logit):
        return 1 / (1 + math.exp(-logit))

    expected = -sum(math.log(probability(x)) for x in image.tolist()) / 3
    expected -= sum(math.log(1 - probability(x)) for x in text.tolist()) / 2

    assert modality_loss(image, text).item() == pytest.approx(expected, rel=1e-5)


def test_modality_loss_stays_finite_for_logits_whose_sigmoid_is_0():
    assert modality_loss(torch.tensor([-500.0]), torch.tensor([500.0])).item() == pytest.approx(1000)


def test_a_discriminator_that_cannot_tell_loses_two_log_two():
    assert modality_loss(torch.zeros(3), torch.zeros(2)).item() == pytest.approx(2 * math.log(2))


def test_reversal_changes_no_value_and_turns_the_gradient_round():
    codes = torch.tensor([1.0, -2.0], requires_grad=True)

    out = reverse_gradient(codes, 0.5)
    (out**2).sum().backward()

    assert torch.equal(out, codes)
    assert codes.grad.tolist() == [-1.0, 2.0]


def test_a_linear_critic_is_punished_by_how_far_its_slope_is_from_one():
    slope = torch.tensor([3.0, 4.0])  # of length 5
    image, text = torch.randn(6, 2), torch.randn(6, 2)

    penalty = gradient_penalty(lambda codes: codes @ slope, image, text, torch.rand(6, 1))

    assert penalty.item() == pytest.approx(16, rel=1e-5)


def test_the_penalty_is_taken_between_the_codes():
    image, text, mix = torch.tensor([[2.0]]), torch.tensor([[0.0]]), torch.tensor([[0.75]])

    penalty = gradient_penalty(lambda codes: (codes**2).sum(1), image, text, mix)  # slope 2 · 1.5

    assert penalty.item() == pytest.approx((3 - 1) ** 2)


def test_the_penalty_gives_the_critic_a_gradient():
    slope = torch.tensor([3.0, 4.0], requires_grad=True)

    gradient_penalty(lambda codes: codes @ slope, torch.randn(2, 2), torch.randn(2, 2), torch.rand(2, 1)).backward()

    assert slope.grad.tolist() == pytest.approx([2 * 4 * 0.6, 2 * 4 * 0.8], rel=1e-4)


def test_the_gap_is_the_difference_of_means():
    assert wasserstein_gap(torch.tensor([1.0, 3.0]), torch.tensor([0.5])).item() == pytest.approx(1.5)
