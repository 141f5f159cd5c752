"""What loops that descend a loss share: how the rate goes, and the average of weights that is kept."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor


def warm_then_cosine(done: float, warm: float) -> float:
    """Return the share of the peak rate: a linear warm-up, then a cosine to zero.

    Args:
        done: Share of all steps, above 0 to 1.
        warm: Share that the warm-up takes.
    """
    return done / warm if done < warm else (1 + math.cos(math.pi * (done - warm) / (1 - warm))) / 2


@torch.no_grad()
def average_in(means: Iterable[Tensor], weights: Iterable[Tensor], average: float, step: int) -> None:
    """Move running averages towards weights.

    Args:
        means: Changed in place.
        weights: As they are after a step.
        average: Share of the old average that is kept. Early averages forget faster, so that the random start does
            not linger.
        step: Steps taken, from 1.
    """
    keep = min(average, step / (step + 10))
    for mean, new in zip(means, weights, strict=True):
        mean.lerp_(new, 1 - keep)
