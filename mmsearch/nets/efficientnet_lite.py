"""EfficientNet-Lite: the picture tower.

EfficientNet (arXiv:1905.11946) without squeeze-and-excitation, with ReLU6, and with a stem and head whose
width does not scale, as Google released it in 2020 under Apache-2.0. Batch normalisation is folded into the
convolutions: the network is for inference and for fine-tuning with frozen statistics.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor, nn

from .convolution import SameConv

FEATURES = 1280  # channels of the last feature map
_STEM = 32  # channels after the first convolution
# Stages of EfficientNet-B0: repeats, kernel, stride, expansion, channels.
_STAGES = (
    (1, 3, 1, 1, 16),
    (2, 3, 2, 6, 24),
    (2, 5, 2, 6, 40),
    (3, 3, 2, 6, 80),
    (3, 5, 1, 6, 112),
    (4, 5, 2, 6, 192),
    (1, 3, 1, 6, 320),
)


@dataclass(frozen=True)
class Variant:
    """How a network of the family differs from B0, and the square it was trained on."""

    width: float
    depth: float
    side: int  # pixels


VARIANTS = {
    "lite0": Variant(1.0, 1.0, 224),
    "lite1": Variant(1.0, 1.1, 240),
    "lite2": Variant(1.1, 1.2, 260),
}


def _channels(base: int, width: float) -> int:
    """Scale to a multiple of 8 that is at most a tenth smaller (the reference's `round_filters`)."""
    scaled = base * width
    rounded = max(8, int(scaled + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * scaled else rounded


class Block(nn.Module):
    """Inverted residual: widen, convolve each channel by itself, narrow (arXiv:1801.04381)."""

    def __init__(self, inside: int, outside: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inside * expansion
        self.expand = SameConv(inside, wide, 1) if expansion > 1 else None
        self.depthwise = SameConv(wide, wide, kernel, stride, groups=wide)
        self.project = SameConv(wide, outside, 1)
        self.residual = stride == 1 and inside == outside

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, inside, H, W) to (B, outside, ceil(H / stride), ceil(W / stride))."""
        wide = x if self.expand is None else self.expand.clipped(x)
        narrow: Tensor = self.project(self.depthwise.clipped(wide))
        return x + narrow if self.residual else narrow


def _blocks(width: float, depth: float) -> Iterator[Block]:
    """Yield the blocks; the first and last stage keep their number of repeats."""
    inside = _STEM
    for stage, (repeats, kernel, stride, expansion, base) in enumerate(_STAGES):
        outside = _channels(base, width)
        fixed = stage in (0, len(_STAGES) - 1)
        for repeat in range(repeats if fixed else ceil(depth * repeats)):
            yield Block(inside, outside, kernel, stride if repeat == 0 else 1, expansion)
            inside = outside


class EfficientNetLite(nn.Module):
    """Pictures to feature maps.

    Args:
        width: Times B0's channels.
        depth: Times B0's repeats.
    """

    def __init__(self, width: float, depth: float) -> None:
        super().__init__()
        self.stem = SameConv(3, _STEM, 3, 2)
        self.blocks = nn.ModuleList(_blocks(width, depth))
        self.head = SameConv(_channels(_STAGES[-1][-1], width), FEATURES, 1)

    def grid(self, pixels: Tensor) -> Tensor:
        """Return the last feature map, (B, 1280, H / 32, W / 32).

        Args:
            pixels: (B, 3, H, W), RGB as (value - 127) / 128.
        """
        x = self.stem.clipped(pixels)
        for block in self.blocks:
            x = block(x)
        return self.head.clipped(x)

    def forward(self, pixels: Tensor) -> Tensor:
        """Return the mean over the last feature map, (B, 1280), for pixels as in `grid`."""
        return self.grid(pixels).mean((2, 3), dtype=torch.float32)
