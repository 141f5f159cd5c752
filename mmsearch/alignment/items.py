"""Training items as tensors: a row or several of each modality."""

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from mmsearch.alignment.checks import Pairs, Rows
from mmsearch.types import Ids

LEAST_HELD = 10  # items; fewer say nothing about when to stop


@dataclass(frozen=True, slots=True)
class Items:
    """Items with rows in each view, of which every draw takes one a view.

    So an item never meets another text of its own as a negative.

    Args:
        views: (rows, d) each, float32.
        starts: (n,) for each view, the first row of each item; rows of an item are neighbours.
        counts: (n,) for each view, how many rows each item has, at least 1.
        labels: (n,), the class of each item, or None.
    """

    views: tuple[Tensor, ...]
    starts: tuple[Tensor, ...]
    counts: tuple[Tensor, ...]
    labels: Tensor | None = None

    @classmethod
    def of_pairs(cls, pairs: Pairs, device: str) -> Self:
        """Make items of images and their texts."""
        order = np.argsort(pairs.owner, kind="stable")
        counts = torch.from_numpy(np.bincount(pairs.owner, minlength=len(pairs.image)))
        one = torch.ones(len(pairs.image), dtype=torch.int64)
        views = _tensor(pairs.image, device), _tensor(pairs.text[order], device)
        labels = None if pairs.labels is None else torch.from_numpy(pairs.labels).to(device)
        return cls(views, (one.cumsum(0) - one, counts.cumsum(0) - counts), (one, counts), labels)

    @classmethod
    def of_views(cls, views: tuple[Rows, ...], device: str) -> Self:
        """Make items of views with one row for each item."""
        one = torch.ones(len(views[0]), dtype=torch.int64)
        return cls(tuple(_tensor(v, device) for v in views), (one.cumsum(0) - one,) * len(views), (one,) * len(views))

    def __len__(self) -> int:
        return len(self.starts[0])

    def _draw(self, items: Tensor) -> tuple[Tensor, ...]:
        """Return for each view which row is drawn of each item, (B,), by torch's global generator."""
        shares = (torch.rand(len(items)) for _ in self.views)
        triples = zip(shares, self.starts, self.counts, strict=True)
        return tuple(starts[items] + (share * counts[items]).long() for share, starts, counts in triples)

    def batch(self, items: Tensor) -> "Batch":
        """Return some items, (B,), with rows drawn by torch's global generator."""
        drawn = tuple(rows.to(view.device) for view, rows in zip(self.views, self._draw(items), strict=True))
        labels = None if self.labels is None else self.labels[items.to(self.labels.device)]
        return Batch(self._rows(drawn), drawn, labels)

    def _rows(self, drawn: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return the features of drawn rows, (B, d) for each view."""
        return tuple(view[rows.to(view.device)] for view, rows in zip(self.views, drawn, strict=True))

    def first_rows(self) -> tuple[Tensor, ...]:
        """Return the first row of each item, (n, d) for each view."""
        return self._rows(self.starts)

    def subset(self, items: Tensor) -> "Items":
        """Return some items, (k,), with all their rows."""
        views, starts = [], []
        for view, start, count in zip(self.views, self.starts, self.counts, strict=True):
            kept = count[items]
            begins = kept.cumsum(0) - kept
            rows = torch.repeat_interleave(start[items] - begins, kept) + torch.arange(int(kept.sum()))
            views.append(view[rows.to(view.device)])
            starts.append(begins)
        labels = None if self.labels is None else self.labels[items.to(self.labels.device)]
        counts = tuple(count[items] for count in self.counts)
        return replace(self, views=tuple(views), starts=tuple(starts), counts=counts, labels=labels)

    def joined(self, others: "Items") -> "Items":
        """Return these items and then others, without labels."""
        pairs = zip(self.views, others.views, strict=True)
        starts = zip(self.views, self.starts, others.starts, strict=True)
        counts = zip(self.counts, others.counts, strict=True)
        return Items(
            tuple(torch.cat(pair) for pair in pairs),
            tuple(torch.cat([first, second + len(view)]) for view, first, second in starts),
            tuple(torch.cat(pair) for pair in counts),
        )

    def split(self, share: float) -> tuple["Items", "Items | None"]:
        """Hold out a share of the items at random; None where that would be fewer than ten."""
        held = int(share * len(self))
        if held < LEAST_HELD:
            return self, None
        order = torch.randperm(len(self))
        return self.subset(order[held:].sort().values), self.subset(order[:held].sort().values)


@dataclass(frozen=True, slots=True)
class Batch:
    """Items as one step sees them: a row of each view.

    Args:
        rows: (B, d) for each view; row i of each is of one item.
        drawn: (B,) for each view, which of its rows they are.
        labels: (B,), the class of each item, or None.
    """

    rows: tuple[Tensor, ...]
    drawn: tuple[Tensor, ...]
    labels: Tensor | None


def batches(count: int, size: int) -> tuple[Tensor, ...]:
    """Share out items 0…count-1 in random order among batches of about `size`, as even as can be."""
    return torch.randperm(count).tensor_split(max(1, round(count / size)))


def owners_of(items: Items, view: int) -> Ids:
    """Return the item of each row of a view."""
    return np.repeat(np.arange(len(items)), items.counts[view].numpy())


def _tensor(rows: Rows, device: str) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(rows, np.float32)).to(device)
