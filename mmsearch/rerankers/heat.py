"""Where a matcher looked, and what that did to its answer.

Cross-attention times its gradient with respect to the log-odds of a match, the positive part: Grad-CAM
(arXiv:1610.02391) on attention, as ALBEF shows it (arXiv:2107.07651, section 6).
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from torch import Tensor, nn


@contextmanager
def gradients() -> Iterator[None]:
    """Let gradients be taken, whatever is off around the block; weights that ask for none still get none."""
    import torch

    with torch.inference_mode(False), torch.enable_grad():
        yield


def evidence(logits: "Tensor", weights: "Tensor") -> "Tensor":
    """Return how much each look spoke for a match, (B, heads, L, T) float32, 0 or more.

    Args:
        logits: (B,), log-odds of a match, worked out with `weights` under `gradients`.
        weights: (B, heads, L, T), how much each token of a text looked at each part of its picture.
    """
    import torch

    (slope,) = torch.autograd.grad(logits.sum(), weights)
    return (weights.detach() * slope).float().clamp_min(0)


def mean_look(looks: "Tensor", tokens: "Tensor") -> "Tensor":
    """Return the mean over heads and some tokens, (B, T).

    Args:
        looks: (B, heads, L, T).
        tokens: (B, L) bool, those that count; a text of which none does gets zeros.
    """
    share = tokens.float() / tokens.sum(1, keepdim=True).clamp_min(1)  # (B, L)
    return (looks.mean(1) * share[:, :, None]).sum(1)


def as_grids(parts: "Tensor") -> NDArray[np.float32]:
    """Return what is known of the parts of square pictures, (B, T), as grids on the CPU, (B, rows, columns)."""
    side = isqrt(parts.shape[1])
    grids: NDArray[np.float32] = parts.view(-1, side, side).cpu().numpy()
    return grids


@contextmanager
def watched(attentions: Sequence["nn.Module"]) -> Iterator[list["Tensor"]]:
    """Collect the weights that attentions of transformers return beside what they gather, in the order of the calls.

    Whoever calls sees to it that nobody else runs them meanwhile.
    """
    seen: list[Tensor] = []
    hooks = [each.register_forward_hook(lambda _, __, out: seen.append(out[1])) for each in attentions]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()
