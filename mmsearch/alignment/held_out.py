"""How well items that were held out find each other."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


def mean_reciprocal_rank(codes: tuple[Tensor, ...], labels: Tensor | None) -> float:
    """Return the mean over both directions and all pairs of views of 1 / rank of the first right answer.

    Right is the row of the same item or, with labels, the mean precision over all items of the same class counts
    instead of the first.

    Args:
        codes: (n, D) for each view; row i of each is of item i.
        labels: (n,), or None.
    """
    units = [F.normalize(code, dim=1) for code in codes]
    pairs = [(a, b) for a in units for b in units if a is not b]
    return sum(_one_way(a @ b.T, labels) for a, b in pairs) / len(pairs)


def _one_way(scores: Tensor, labels: Tensor | None) -> float:
    if labels is None:
        own = scores.diagonal()[:, None]
        ranks = (scores >= own).sum(1)  # ties count against it
        return float((1 / ranks).mean())
    order = scores.argsort(1, descending=True)
    right = (labels[order] == labels[:, None]).double()  # (n, n), by rank
    precision = right.cumsum(1) / torch.arange(1, len(labels) + 1, device=scores.device)
    return float(((precision * right).sum(1) / right.sum(1)).mean())
