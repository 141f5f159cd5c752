"""Projectors: from the features of one modality to codes of any length."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


class Projector(nn.Module):
    """A linear map of standardised features, plus a two-layer residual if `hidden` is not 0.

    Unlike `Head` it leaves the length as it is, and may be linear.

    Args:
        inside: Width of the features.
        outside: Width of the codes.
        hidden: Width between the two layers of the residual; 0 for a linear map alone.
        dropout: Share of the hidden values that training sets to zero; of the features it is half of that.
    """

    def __init__(self, inside: int, outside: int, hidden: int, dropout: float = 0.0) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inside))
        self.register_buffer("deviation", torch.ones(inside))
        self.linear = nn.Linear(inside, outside)
        self.residual = perceptron(inside, hidden, outside, dropout=dropout) if hidden else None
        self.dropout = dropout

    def set_standard(self, features: Tensor) -> None:
        """Take mean and deviation from training features (n, inside); a constant column is only shifted."""
        mean, deviation = features.double().mean(0), features.double().std(0, correction=0)
        constant = deviation <= 1e-6 * mean.abs() + torch.finfo(torch.float32).tiny
        self.get_buffer("mean").copy_(mean)
        self.get_buffer("deviation").copy_(deviation.masked_fill(constant, 1.0))

    def standardise(self, features: Tensor) -> Tensor:
        """Return features (B, inside) with mean and deviation of the training data taken out."""
        return (features - self.get_buffer("mean")) / self.get_buffer("deviation")

    def sizes(self) -> dict[str, int]:
        """Return the arguments that make another of the kind, ready for use."""
        hidden = 0 if self.residual is None else int(self.residual[0].out_features)  # type: ignore[arg-type]
        return {"inside": self.linear.in_features, "outside": self.linear.out_features, "hidden": hidden}

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, inside) to codes (B, outside)."""
        standard = F.dropout(self.standardise(features), self.dropout / 2, self.training)
        codes: Tensor = self.linear(standard)
        return codes if self.residual is None else codes + self.residual(standard)


class ProjectorNetwork(nn.Module):
    """A projector for each view, and whatever else is trained with them."""

    def __init__(self, projectors: Sequence[Projector], **others: nn.Module) -> None:
        super().__init__()
        self.projectors = nn.ModuleList(projectors)
        self.others = nn.ModuleDict(others)

    def views(self) -> list[Projector]:
        """Return the projector of each view."""
        return [projector for projector in self.projectors if isinstance(projector, Projector)]


def perceptron(*widths: int, dropout: float = 0.0) -> nn.Sequential:
    """Return linear layers between the widths given, with GELU between them and nothing after the last."""
    layers: list[nn.Module] = []
    for inside, outside in pairwise(widths):
        layers += [nn.Linear(inside, outside), nn.GELU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers[:-2])
