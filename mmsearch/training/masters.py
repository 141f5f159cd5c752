"""Training weights that run in fewer bits than they are kept in."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import nn
from torch.nn.attention import SDPBackend, sdpa_kernel


def quick_attention(device: torch.device) -> AbstractContextManager[None]:
    """Choose how attention is worked out: on a CPU the fused kernel's backward pass takes three times as long."""
    manager: AbstractContextManager[None] = sdpa_kernel(SDPBackend.MATH) if device.type == "cpu" else nullcontext()
    return manager


class Masters:
    """Float32 copies of weights that run in fewer bits, so that small steps are not rounded away.

    Args:
        weights: In the type that they run in, or still in float32: the copies are then exact.
    """

    def __init__(self, weights: Sequence[nn.Parameter]) -> None:
        self.weights = weights
        self.copies = [nn.Parameter(each.detach().float().clone()) for each in weights]

    def take_gradients(self) -> None:
        """Move the gradients of the weights to the copies."""
        for weight, copy in zip(self.weights, self.copies, strict=True):
            copy.grad = None if weight.grad is None else weight.grad.float()
            weight.grad = None

    @torch.no_grad()
    def give_back(self) -> None:
        """Write the copies into the weights."""
        for weight, copy in zip(self.weights, self.copies, strict=True):
            weight.copy_(copy)
