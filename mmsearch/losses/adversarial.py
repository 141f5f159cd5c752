"""What a discriminator of modalities, and those it judges, are trained on."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


class _Reversal(torch.autograd.Function):
    """Nothing forwards, the negative gradient backwards."""

    @staticmethod
    def forward(context: Any, codes: Tensor, weight: float) -> Tensor:  # noqa: ANN401 -- torch gives it no type
        """Return the codes as they are."""
        context.weight = weight
        return codes.view_as(codes)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> tuple[Tensor, None]:  # noqa: ANN401 -- as above
        """Turn the gradient round."""
        return -context.weight * gradient, None


def reverse_gradient(codes: Tensor, weight: float = 1.0) -> Tensor:
    """Return codes unchanged; what descends by them climbs instead (Ganin & Lempitsky, arXiv:1409.7495).

    Args:
        codes: Of any shape.
        weight: Multiplies the gradient besides turning it round.
    """
    reversed_: Tensor = _Reversal.apply(codes, weight)  # type: ignore[no-untyped-call]
    return reversed_


def modality_loss(image_logits: Tensor, text_logits: Tensor) -> Tensor:
    """Say how badly a discriminator tells images (1) from texts (0): -E[log D(image)] - E[log(1 - D(text))].

    Args:
        image_logits: (B,), of codes of images.
        text_logits: (C,), of codes of texts.

    Returns:
        Scalar, in nats; 2 log 2 where it cannot tell.
    """
    return F.softplus(-image_logits).mean() + F.softplus(text_logits).mean()


def wasserstein_gap(image_scores: Tensor, text_scores: Tensor) -> Tensor:
    """Return by how much a critic scores images above texts: the distance, if the critic is 1-Lipschitz and best."""
    return image_scores.mean() - text_scores.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], image: Tensor, text: Tensor, mix: Tensor) -> Tensor:
    """Punish a critic whose gradient between codes is not of length 1 (WGAN-GP, arXiv:1704.00028, eq. 3).

    Args:
        critic: Maps codes (B, D) to scores (B,).
        image: (B, D)
        text: (B, D)
        mix: (B, 1), how much of the image's code each point between has, in 0…1.
    """
    between = (mix * image.detach() + (1 - mix) * text.detach()).requires_grad_()
    (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
    penalty: Tensor = (slope.norm(dim=1) - 1).square().mean()
    return penalty
