"""Message passing from a node's neighbours."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


class MessageLayer(nn.Module):
    """Adds to each node what it hears from its neighbours and from those that these are paired with.

    Attention over neighbours as in graph attention networks (Veličković et al., ICLR 2018), by scaled products.

    Args:
        dim: Columns of the states.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.query = nn.Linear(dim, dim)
        self.key = nn.Linear(dim, dim)
        self.own = nn.Linear(dim, dim)
        self.across = nn.Linear(dim, dim)

    def forward(self, states: Tensor, own: Tensor, across: Tensor) -> Tensor:
        """Return new states, unit rows.

        Args:
            states: (B, D) of the nodes.
            own: (B, k, D), states of the neighbours of each.
            across: (B, k, D), states, in the other modality, of what each neighbour is paired with.
        """
        scores = (self.key(own) @ self.query(states)[:, :, None])[:, :, 0] / math.sqrt(states.shape[1])
        attention = scores.softmax(1)[:, None]  # (B, 1, k)
        heard = self.own(attention @ own) + self.across(attention @ across)  # (B, 1, D)
        return F.normalize(states + heard[:, 0], dim=1)


def nearest(queries: Tensor, keys: Tensor, count: int, forbidden: Tensor | None = None) -> Tensor:
    """Return the keys with the largest inner product with each query, (Q, count), nearest first.

    Args:
        queries: (Q, d)
        keys: (N, d)
        count: At most N, or N less those forbidden.
        forbidden: (Q, N) bool, which keys a query must not have; None if it may have all.
    """
    scores = queries @ keys.T
    if forbidden is not None:
        scores = scores.masked_fill(forbidden, -torch.inf)
    return scores.topk(count, dim=1).indices
