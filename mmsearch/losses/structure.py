"""Keeping the neighbourhoods that frozen features had."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


def structure_loss(features: Tensor, codes: Tensor, levels: int = 1, temperature: float = 0.1) -> Tensor:
    """Compare who is near whom before and after a projection.

    After STRUCTURE (Gröger et al., arXiv:2506.16895): the similarities of each row to all others become a
    distribution, powers of that matrix tell of neighbours of neighbours, and at each level the Jensen-Shannon
    divergence of before and after counts by one over the level. Here a row is not its own neighbour.

    Args:
        features: (B, D), standardised; no gradient flows into them.
        codes: (B, K)
        levels: Up to which power, at least 1.
        temperature: Divides the cosines.

    Returns:
        Scalar, in nats, from 0 to log 2.
    """
    if len(features) < 3:  # one neighbour is always the nearest
        return codes.sum() * 0.0
    before, after = _neighbours(features.detach(), temperature), _neighbours(codes, temperature)
    left, right, total = before, after, codes.new_zeros(())
    for level in range(1, levels + 1):
        total = total + _jensen_shannon(left, right) / level
        left, right = left @ before, right @ after
    return total / levels


def _neighbours(rows: Tensor, temperature: float) -> Tensor:
    """Return how near the others are to each row, (B, B), rows summing to one."""
    unit = F.normalize(rows - rows.mean(0), dim=1)
    alone = torch.eye(len(rows), dtype=torch.bool, device=rows.device)
    return (unit @ unit.T / temperature).masked_fill(alone, -torch.inf).softmax(1)


def _jensen_shannon(left: Tensor, right: Tensor) -> Tensor:
    """Return the mean divergence of the rows of two matrices."""
    middle = (left + right) / 2
    return (_divergence(left, middle) + _divergence(right, middle)) / 2


def _divergence(left: Tensor, right: Tensor) -> Tensor:
    tiny = torch.finfo(left.dtype).tiny
    return (left * (left.clamp(min=tiny).log() - right.clamp(min=tiny).log())).sum(1).mean()
