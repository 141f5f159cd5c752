"""A graph of training items, from which new items hear through their neighbours."""

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.alignment.items import Items, owners_of
from mmsearch.nets.messages import nearest
from mmsearch.nets.projectors import Projector

SEARCHED = 2048  # rows whose neighbours are looked for at a time


@dataclass(frozen=True, slots=True)
class Graph:
    """Nodes of both modalities, and who they hear from.

    Args:
        keys: For each view (rows, d), by which neighbours are found: standardised features, unit rows, float16.
        neighbours: For each view (rows, k), rows of the same view and of other items.
        owners: For each view (rows,), the item of each row.
    """

    keys: tuple[Tensor, ...]
    neighbours: tuple[Tensor, ...]
    owners: tuple[Tensor, ...]

    @classmethod
    def of_items(cls, items: Items, projectors: list[Projector], count: int) -> "Graph":
        """Join each row with its `count` nearest rows of other items, or as many as every row has."""
        keys = tuple(key_rows(p, view) for p, view in zip(projectors, items.views, strict=True))
        owners = tuple(torch.from_numpy(owners_of(items, view)).to(keys[view].device) for view in range(len(keys)))
        found = tuple(
            _neighbours(key, owner, min(count, len(key) - int(counts.max())))
            for key, owner, counts in zip(keys, owners, items.counts, strict=True)
        )
        return cls(keys, found, owners)

    def paired(self, states: tuple[Tensor, ...], view: int) -> Tensor:
        """Return for each row of a view the mean state of the rows of its item in the other view, (rows, D)."""
        other, owner = states[1 - view], self.owners[1 - view]
        items = int(owner.max()) + 1
        sums = other.new_zeros(items, other.shape[1]).index_add_(0, owner, other)
        counts = torch.bincount(owner, minlength=items).to(other)[:, None]
        return F.normalize(sums / counts, dim=1)[self.owners[view]]


@dataclass(frozen=True, slots=True)
class Memory:
    """What the nodes of the training graph say, without gradient, layer by layer.

    Args:
        keys: As in `Graph`.
        own: For each layer and view (rows, D), states that the layer reads.
        across: For each layer and view (rows, D), states of what each row is paired with.
    """

    keys: tuple[Tensor, ...]
    own: tuple[tuple[Tensor, ...], ...]
    across: tuple[tuple[Tensor, ...], ...]

    def tensors(self) -> dict[str, Tensor]:
        """Return all of it by name."""
        found = {f"keys.{view}": key for view, key in enumerate(self.keys)}
        for kind, layers in (("own", self.own), ("across", self.across)):
            found |= {f"{kind}.{i}.{v}": state for i, views in enumerate(layers) for v, state in enumerate(views)}
        return found

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Tensor], layers: int) -> "Memory":
        """Undo `tensors`."""
        own, across = (
            tuple(tuple(tensors[f"{kind}.{layer}.{view}"] for view in range(2)) for layer in range(layers))
            for kind in ("own", "across")
        )
        return cls((tensors["keys.0"], tensors["keys.1"]), own, across)


def key_rows(projector: Projector, features: Tensor) -> Tensor:
    """Return by what neighbours of features (n, d) are found."""
    return F.normalize(projector.standardise(features), dim=1).half()


def _neighbours(keys: Tensor, owners: Tensor, count: int) -> Tensor:
    """Return the nearest rows of other items, (rows, count)."""
    every = keys.float()
    parts = torch.arange(len(every), device=every.device).tensor_split(len(every) // SEARCHED + 1)
    return torch.cat([nearest(every[part], every, count, owners[part][:, None] == owners) for part in parts])
