"""Teaches words where a drawn scene shows what they name: where to look, and where the middle of it is.

Positions in the caption are known because the scene was drawn. Predicting boxes from text is X-VLM's (arXiv:2111.08276)
idea; here each word also says where the thing is that its text relates it to, without which "left of" is hardly learnt.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from mmsearch.nets.fusion import Look
from mmsearch.scenes.truth import Box
from mmsearch.training.batches import Place

_LEAST_LOOK = 1e-6


@dataclass
class Looks:
    """What some texts looked at in pictures.

    Args:
        layers: Of the fusion encoder.
        places: (P, L) int64, number of the place that a token names, -1 for none, or none that the picture shows.
    """

    layers: list[Look]
    places: Tensor


def covered(boxes: Sequence[Sequence[Box]], cells: int) -> Tensor:
    """Return which cells of a square grid show something, (N, cells) bool: each of N in at least one box.

    A cell counts from a quarter of it on; where none has that much, those that have half as much as the fullest.
    """
    side = round(cells**0.5)
    edges = torch.arange(side + 1) / side
    result = torch.zeros(len(boxes), cells, dtype=torch.bool)
    for row, each in enumerate(boxes):
        share = torch.zeros(side, side)
        for box in each:
            wide = (edges[1:].clamp_max(box.right) - edges[:-1].clamp_min(box.left)).clamp_min(0) * side
            high = (edges[1:].clamp_max(box.bottom) - edges[:-1].clamp_min(box.top)).clamp_min(0) * side
            share += high[:, None] * wide
        result[row] = (share >= min(0.25, float(share.max()) / 2)).flatten()
    return result


def centres(places: Iterable[Place]) -> Tensor:
    """Return the middle of what is at each place and of what it is related to, (N, 4): x, y, x, y; nan if unknown."""
    return torch.tensor([[*_middle(place.boxes), *_middle(place.related)] for place in places])


def _middle(boxes: Sequence[Box]) -> tuple[float, float]:
    if not boxes:
        return torch.nan, torch.nan
    x, y = zip(*(box.middle() for box in boxes), strict=True)
    return sum(x) / len(boxes), sum(y) / len(boxes)


def look_loss(looks: Sequence[Looks], regions: Tensor) -> Tensor:
    """Let words look at the cells that show what they name, in nats: minus the log of what falls on these.

    Args:
        looks: Naming at least one place.
        regions: (N, T) bool, of each place.

    Returns:
        Scalar, the mean over words and layers.
    """
    losses = []
    for look in looks:
        named = look.places >= 0  # (P, L)
        inside = regions[look.places[named]]  # (n, T)
        losses += [(layer.weights[named] * inside).sum(1).clamp_min(_LEAST_LOOK).log() for layer in look.layers]
    return -torch.cat(losses).mean()


def centre_loss(looks: Sequence[Looks], middles: Tensor, where: nn.Module) -> Tensor:
    """Let words know where the middle is of what they name and of what that is related to.

    Args:
        looks: Naming at least one place.
        middles: (N, 4), of each place, as `centres` gives them.
        where: Maps the state of a token to these.

    Returns:
        Scalar, the mean distance along an axis over words and layers, in shares of the picture's side.
    """
    losses = []
    for look in looks:
        named = look.places >= 0  # (P, L)
        wanted = middles[look.places[named]]  # (n, 4)
        known = wanted.isfinite()
        losses += [(where(layer.hidden[named]).float() - wanted)[known].abs() for layer in look.layers]
    return torch.cat(losses).mean()
