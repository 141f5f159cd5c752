"""Maps from the vectors of an encoder to a space shared with another, whichever learner found them."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from .messages import MessageLayer, nearest
from .projectors import Projector


class Same(nn.Identity):
    """Leaves features (B, D) as they are."""

    def sizes(self) -> dict[str, int]:
        """Return the arguments that make another of the kind."""
        return {}


class Affine(nn.Module):
    """A linear map of centred features.

    Args:
        inside: Width of the features.
        outside: Width of the codes.
    """

    def __init__(self, inside: int, outside: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(inside))
        self.register_buffer("weights", torch.zeros(inside, outside))

    @classmethod
    def of(cls, mean: Tensor, weights: Tensor) -> "Affine":
        """Make one of a mean, (inside,), and weights, (inside, outside)."""
        made = cls(*weights.shape)
        made.get_buffer("mean").copy_(mean)
        made.get_buffer("weights").copy_(weights)
        return made

    def sizes(self) -> dict[str, int]:
        """Return the arguments that make another of the kind."""
        inside, outside = self.get_buffer("weights").shape
        return {"inside": inside, "outside": outside}

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, inside) to codes (B, outside)."""
        codes: Tensor = (features - self.get_buffer("mean")) @ self.get_buffer("weights")
        return codes


class Waves(nn.Module):
    """Cosines and sines of projections, whose inner products approximate a Gaussian kernel.

    Random Fourier features (Rahimi and Recht, NeurIPS 2007).

    Args:
        inside: Width of the features.
        count: Of the projections.
    """

    def __init__(self, inside: int, count: int) -> None:
        super().__init__()
        self.register_buffer("frequencies", torch.zeros(inside, count))

    @classmethod
    def of(cls, frequencies: Tensor) -> "Waves":
        """Make one of projections, (inside, count)."""
        made = cls(*frequencies.shape)
        made.get_buffer("frequencies").copy_(frequencies)
        return made

    def sizes(self) -> dict[str, int]:
        """Return the arguments that make another of the kind."""
        inside, count = self.get_buffer("frequencies").shape
        return {"inside": inside, "count": count}

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, inside) to (B, 2 · count)."""
        frequencies = self.get_buffer("frequencies")
        angles = features @ frequencies  # (B, count)
        lifted: Tensor = torch.cat([angles.cos(), angles.sin()], 1) / math.sqrt(frequencies.shape[1])
        return lifted


class GraphProjection(nn.Module):
    """A projector whose codes hear messages from the nearest training items.

    Args:
        inside: Width of the features.
        outside: Width of the codes.
        hidden: Of the projector.
        layers: Of messages.
        rows: Of training items.
        neighbours: From which an item hears.
    """

    def __init__(self, inside: int, outside: int, hidden: int, layers: int, rows: int, neighbours: int) -> None:
        super().__init__()
        self.projector = Projector(inside, outside, hidden)
        self.messages = nn.ModuleList(MessageLayer(outside) for _ in range(layers))
        self.neighbours, self.rows = neighbours, rows
        self.register_buffer("keys", torch.zeros(rows, inside, dtype=torch.float16))
        for layer in range(layers):
            self.register_buffer(f"own{layer}", torch.zeros(rows, outside, dtype=torch.float16))
            self.register_buffer(f"across{layer}", torch.zeros(rows, outside, dtype=torch.float16))

    def sizes(self) -> dict[str, int]:
        """Return the arguments that make another of the kind."""
        layers = {"layers": len(self.messages), "rows": self.rows, "neighbours": self.neighbours}
        return self.projector.sizes() | layers

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, inside) to unit codes (B, outside)."""
        queries = F.normalize(self.projector.standardise(features), dim=1).half().float()
        keys = self.get_buffer("keys").float()
        near = nearest(queries, keys, min(self.neighbours, len(keys)))  # (B, k)
        states = F.normalize(self.projector(features), dim=1)
        for layer, message in enumerate(self.messages):
            own, across = (self.get_buffer(f"{name}{layer}")[near].float() for name in ("own", "across"))
            states = message(states, own, across)
        return states


class Chain(nn.Sequential):
    """Maps one after the other."""


class Joined(nn.Module):
    """Codes of several maps side by side, each of unit length times the root of its weight.

    So the cosine of two joined codes is the weighted mean of the cosines of the parts.

    Args:
        parts: That all take the same features.
        weights: Of the parts, positive.
    """

    def __init__(self, parts: Sequence[nn.Module], weights: Sequence[float]) -> None:
        super().__init__()
        self.parts, self.weights = nn.ModuleList(parts), tuple(weights)

    def forward(self, features: Tensor) -> Tensor:
        """Map features (B, inside) to codes (B, sum of the widths)."""
        pairs = zip(self.parts, self.weights, strict=True)
        return torch.cat([weight**0.5 * F.normalize(part(features), dim=1) for part, weight in pairs], 1)


_KINDS: dict[str, Callable[..., nn.Module]] = {
    "same": Same,
    "affine": Affine,
    "waves": Waves,
    "projector": Projector,
    "graph": GraphProjection,
}


def described(projection: nn.Module) -> dict[str, Any]:
    """Return kind and sizes of a map as JSON can hold them; `built` makes an equal one, but for its weights.

    Raises:
        ValueError: If it is of no kind that is known here.
    """
    if isinstance(projection, Chain):
        return {"kind": "chain", "parts": [described(part) for part in projection]}
    if isinstance(projection, Joined):
        parts = [described(part) for part in projection.parts]
        return {"kind": "joined", "parts": parts, "weights": list(projection.weights)}
    for kind, made_by in _KINDS.items():
        if type(projection) is made_by:
            return {"kind": kind, **projection.sizes()}  # type: ignore[operator]  # each kind has it
    raise ValueError(f"A {type(projection).__name__} is no kind of projection.")


def built(description: Mapping[str, Any]) -> nn.Module:
    """Make a map as `described` says; its weights are to be loaded.

    Raises:
        KeyError: If a field is missing, or the kind unknown.
        TypeError: If a field is of another type.
    """
    fields = dict(description)
    kind = fields.pop("kind")
    if kind == "chain":
        return Chain(*(built(part) for part in fields["parts"]))
    if kind == "joined":
        return Joined([built(part) for part in fields["parts"]], fields["weights"])
    return _KINDS[kind](**fields)
