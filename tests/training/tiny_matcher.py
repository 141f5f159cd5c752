"""A small matcher and something for it to learn: coloured squares and their names."""

from dataclasses import dataclass

import torch

from mmsearch.nets.matcher_network import MatcherNetwork, MatcherShape
from mmsearch.training.batches import Batch, Caption
from tests.nets.tiny import tiny_network

COLOURS = {"red": (255, 0, 0), "green": (0, 255, 0), "blue": (0, 0, 255), "white": (255, 255, 255)}


def tiny_matcher(seed=0):
    network = MatcherNetwork(tiny_network(seed), MatcherShape(start=1, layers=1, width=8, grid=2))
    network.fusion.start_from(network.dual.text)
    return network


@dataclass
class Squares:
    """Draws a batch with every colour once, with a true caption and a foil for each.

    Args:
        repeat: Batches after which the first comes again; 0: never.
    """

    name: str = "squares"
    repeat: int = 0

    def again(self, step):
        return step % self.repeat if self.repeat else None

    def batch(self, step):
        order = torch.randperm(len(COLOURS), generator=torch.Generator().manual_seed(step)).tolist()
        names = [list(COLOURS)[i] for i in order]
        colours = torch.tensor([COLOURS[name] for name in names], dtype=torch.uint8)
        pixels = colours[:, :, None, None].expand(-1, -1, 33, 33).contiguous()
        true = [Caption(f"a {name} one", row, marks=((2, 2 + len(name)),)) for row, name in enumerate(names)]
        false = [Caption(f"a {names[row - 1]} one", row, true=False) for row in range(len(names))]
        return Batch(pixels, torch.tensor(order), (*true, *false))
