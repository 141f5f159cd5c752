"""Cross-modal attention: text tokens that look at the cells of a picture (ALBEF, arXiv:2107.07651)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from .text_tower import BertLayer, BertTower, TextShape


class PictureTokens(nn.Module):
    """Cells of a feature map, narrowed and told where they are.

    Args:
        inside: Channels of a cell.
        width: Of a token.
        grid: Cells along a side of the table of places; for smaller maps places are interpolated.
    """

    def __init__(self, inside: int, width: int, grid: int) -> None:
        super().__init__()
        self.narrow = nn.Linear(inside, width)
        self.places = nn.Parameter(waves(width, grid))
        self.norm = nn.LayerNorm(width)

    def forward(self, cells: Tensor) -> Tensor:
        """Map cells (B, C, H, W) to tokens (B, H * W, width)."""
        places: Tensor = self.places
        rows, columns = cells.shape[-2:]
        if places.shape[-2:] != (rows, columns):
            places = F.interpolate(places.float(), (rows, columns), mode="bilinear", align_corners=False)
        flat = cells.flatten(2).transpose(1, 2)  # (B, H * W, C)
        content = F.layer_norm(self.narrow(flat), (self.narrow.out_features,))
        tokens: Tensor = self.norm(content + places.to(flat.dtype).flatten(2).transpose(1, 2))
        return tokens


def waves(width: int, grid: int) -> Tensor:
    """Return sines and cosines of the row and the column of each cell, (1, width, grid, grid), of a width over 4.

    As loud as what a cell shows, so that "left of" can be learnt at all (arXiv:1706.03762, section 3.5).
    """
    # Counted on the CPU even where a network is laid out without memory: some of these steps mix devices there.
    cell = torch.arange(grid, device="cpu").float()
    row, column = torch.meshgrid(cell, cell, indexing="ij")
    pitch = torch.linspace(math.log(math.pi / (2 * grid)), math.log(math.pi), width // 4, device="cpu").exp()
    parts = [wave(pitch[:, None, None] * place) for place in (column, row) for wave in (torch.sin, torch.cos)]
    return F.pad(torch.cat(parts), (0, 0, 0, 0, 0, width % 4))[None]


@dataclass(frozen=True)
class KeyValues:
    """What a layer lets text look at: keys and values of picture tokens, worked out once for all texts.

    Args:
        key: (B, heads, T, D / heads).
        value: (B, heads, T, D / heads).
    """

    key: Tensor
    value: Tensor

    def of(self, rows: Tensor) -> "KeyValues":
        """Return those of some pictures, in the order of (n,) rows, which may repeat."""
        return KeyValues(self.key.index_select(0, rows), self.value.index_select(0, rows))


class CrossAttention(nn.Module):
    """Text queries over picture keys and values, added to the text.

    It begins as if it were not there: the last layer is zero until training says otherwise.
    """

    def __init__(self, text: TextShape, width: int) -> None:
        super().__init__()
        self.heads = text.num_attention_heads
        self.norm = nn.LayerNorm(text.hidden_size)
        self.query = nn.Linear(text.hidden_size, text.hidden_size)
        self.key = nn.Linear(width, text.hidden_size)
        self.value = nn.Linear(width, text.hidden_size)
        self.output = nn.Linear(text.hidden_size, text.hidden_size)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def _split(self, x: Tensor) -> Tensor:
        """Map (B, L, D) to (B, heads, L, D / heads)."""
        return x.view(*x.shape[:2], self.heads, -1).transpose(1, 2)

    def see(self, tokens: Tensor) -> KeyValues:
        """Prepare picture tokens (B, T, W) to be looked at."""
        return KeyValues(self._split(self.key(tokens)), self._split(self.value(tokens)))

    def forward(self, x: Tensor, seen: KeyValues) -> tuple[Tensor, Tensor]:
        """Let text (B, L, D) look at the picture in the same row.

        Returns:
            The text afterwards, (B, L, D), and how much each of its tokens looked at each picture token,
            (B, heads, L, T); rows sum to one.
        """
        query = self._split(self.query(self.norm(x)))
        weights = (query @ seen.key.transpose(2, 3) / query.shape[-1] ** 0.5).softmax(-1)
        mixed = (weights @ seen.value).transpose(1, 2).flatten(2)  # (B, L, D)
        return x + self.output(mixed), weights


@dataclass
class Look:
    """What a layer of the fusion encoder did.

    Args:
        weights: (B, L, T) float32, how much each text token looked at each picture token: the mean of the first half of
            the heads, so that the others may look elsewhere.
        hidden: (B, L, D), the text afterwards.
        heads: (B, heads, L, T), the weights of every head, as they took part in what came after.
    """

    weights: Tensor
    hidden: Tensor
    heads: Tensor


def taught(heads: Tensor) -> Tensor:
    """Return the part of (B, heads, L, T) of those heads that are taught to look where things are: the first half."""
    return heads[:, : heads.shape[1] // 2]


class FusionEncoder(nn.Module):
    """Upper layers of a text tower, each preceded by a look at the picture.

    Args:
        text: Sizes of the text tower.
        layers: How many of its upper layers.
        width: Of a picture token.
    """

    def __init__(self, text: TextShape, layers: int, width: int) -> None:
        super().__init__()
        self.look = nn.ModuleList(CrossAttention(text, width) for _ in range(layers))
        self.layer = nn.ModuleList(BertLayer(text) for _ in range(layers))

    def start_from(self, tower: BertTower) -> None:
        """Copy the tower's uppermost layers, so that the untrained encoder reads a text as the tower does."""
        for mine, theirs in zip(self.layer, tower.encoder.layer[-len(self.layer) :], strict=True):
            mine.load_state_dict(theirs.state_dict())

    def see(self, tokens: Tensor) -> list[KeyValues]:
        """Prepare picture tokens (B, T, W) to be looked at by each layer."""
        return [cast("CrossAttention", look).see(tokens) for look in self.look]

    def forward(
        self, hidden: Tensor, mask: Tensor, seen: Sequence[KeyValues] | None, looks: list[Look] | None = None
    ) -> Tensor:
        """Return fused text tokens, (B, L, D).

        Args:
            hidden: (B, L, D), what the text tower says below these layers.
            mask: (B, L) bool, False where padded.
            seen: Of `see`, one for each layer, of the picture of each text; None to read the text alone.
            looks: Takes what every layer did, if there are pictures.
        """
        attend = None if bool(mask.all()) else mask[:, None, None, :]  # (B, 1, 1, L)
        for number, layer in enumerate(self.layer):
            if seen is None:
                hidden = layer(hidden, attend)
                continue
            hidden, weights = self.look[number](hidden, seen[number])  # weights (B, heads, L, T)
            hidden = layer(hidden, attend)
            if looks is not None:
                looks.append(Look(taught(weights).float().mean(1), hidden, weights))
        return hidden
