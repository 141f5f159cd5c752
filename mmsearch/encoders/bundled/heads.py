"""Heads: from a tower's features to the common space."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


class Head(nn.Module):
    """A linear map plus a two-layer residual on standardised features, to unit length.

    Args:
        inside: Width of the features.
        outside: Width of the common space.
        hidden: Width between the two layers of the residual.
        dropout: Share of the hidden values that training sets to zero.
    """

    def __init__(self, inside: int, outside: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inside))
        self.register_buffer("deviation", torch.ones(inside))
        self.linear = nn.Linear(inside, outside)
        self.widen = nn.Linear(inside, hidden)
        self.narrow = nn.Linear(hidden, outside)
        self.dropout = dropout

    def standardise(self, features: Tensor) -> Tensor:
        """Return features (B, inside) with the mean and deviation of the training data taken out."""
        return (features - self.get_buffer("mean")) / self.get_buffer("deviation")

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, inside) to unit vectors (B, outside)."""
        return self.project(self.standardise(features))

    def project(self, standard: Tensor) -> Tensor:
        """Map standardised features (B, inside) to unit vectors (B, outside)."""
        standard = F.dropout(standard, self.dropout / 2, self.training)
        hidden = F.dropout(F.gelu(self.widen(standard)), self.dropout, self.training)  # (B, hidden)
        return F.normalize(self.linear(standard) + self.narrow(hidden), dim=-1)
