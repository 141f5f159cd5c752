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
        key: Number of its source and its number there.
    """

    batch: Batch
    key: tuple[int, int]


class Memory:
    """Draws batches, and remembers what frozen towers see in them: about 130 kB a picture of 224 pixels.

    Args:
        network: Whose towers see; anything is remembered only if none of their weights learns.
        sources: Of the batches.
        repeat: Batches of a source after which the first comes again; 0: never, and nothing is remembered.
    """

    def __init__(self, network: MatcherNetwork, sources: Sequence[BatchSource], repeat: int) -> None:
        self.network, self.sources, self.repeat = network, sources, repeat
        self._keeps = repeat > 0 and not any(weight.requires_grad for weight in network.dual.parameters())
        self._kept: dict[tuple[int, int], tuple[Batch, Perceived]] = {}

    def batch(self, source: int, number: int) -> Remembered:
        """Return a batch of a source, drawn only if it was not seen before."""
        key = source, number % self.repeat if self.repeat else number
        known = self._kept.get(key)
        return Remembered(known[0] if known else self.sources[source].batch(key[1]), key)

    def perceived(self, drawn: Remembered) -> Perceived | None:
        """Return what the towers see in a batch; None if they learn and must look for themselves."""
        if not self._keeps:
            return None
        if drawn.key not in self._kept:
            with torch.no_grad():
                seen = perceived(self.network, drawn.batch)
            self._kept[drawn.key] = replace(drawn.batch, pixels=drawn.batch.pixels[:0]), seen
        return self._kept[drawn.key][1]
