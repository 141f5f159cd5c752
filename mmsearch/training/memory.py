"""Batches that come again, and what frozen towers made of them the first time."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from mmsearch.nets.matcher_network import MatcherNetwork
from mmsearch.training.batches import Batch, BatchSource
from mmsearch.training.perceiving import Perceived, perceived


@dataclass(frozen=True)
class Remembered:
    """A batch on its way to a step.

    Args:
        batch: Without pixels if the towers saw it before.
        key: Number of its source and its number there; None if it does not come again.
    """

    batch: Batch
    key: tuple[int, int] | None


class Memory:
    """Draws batches, and remembers what frozen towers see in those that come again: about 180 kB a picture.

    Args:
        network: Whose towers see; anything is remembered only if none of their weights learns.
        sources: Of the batches.
    """

    def __init__(self, network: MatcherNetwork, sources: Sequence[BatchSource]) -> None:
        self.network, self.sources = network, sources
        self._frozen = not any(weight.requires_grad for weight in network.dual.parameters())
        self._kept: dict[tuple[int, int], tuple[Batch, Perceived]] = {}

    def batch(self, source: int, number: int) -> Remembered:
        """Return a batch of a source, drawn only if it was not seen before."""
        again = self.sources[source].again(number)
        if again is None:
            return Remembered(self.sources[source].batch(number), None)
        known = self._kept.get((source, again))
        return Remembered(known[0] if known else self.sources[source].batch(again), (source, again))

    def perceived(self, drawn: Remembered) -> Perceived | None:
        """Return what the towers see in a batch that comes again; None if they learn and must look for themselves."""
        if drawn.key is None or not self._frozen:
            return None
        if drawn.key not in self._kept:
            with torch.no_grad():
                seen = perceived(self.network, drawn.batch)
            self._kept[drawn.key] = replace(drawn.batch, pixels=drawn.batch.pixels[:0].clone()), seen
        return self._kept[drawn.key][1]
