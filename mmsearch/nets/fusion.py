"""Cross-modal attention: text tokens that look at the cells of a picture (ALBEF, arXiv:2107.07651)."""

import math
from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from .text_tower import BertLayer, BertTower, TextShape


class PictureTokens(nn.Module):
    """Cells of a feature map, narrowed and told where they are.

    Args:
        inside: Channels of the feature map.
        width: Of a token.
        grid: Cells along a side of the table of places; other maps are interpolated from it.
    """

    def __init__(self, inside: int, width: int, grid: int) -> None:
        super().__init__()
        self.narrow = nn.Linear(inside, width)
        self.places = nn.Parameter(waves(width, grid))
        self.norm = nn.LayerNorm(width)

    def forward(self, cells: Tensor) -> Tensor:
        """Map a feature map (B, C, H, W) to tokens (B, H * W, width)."""
        rows, columns = cells.shape[-2:]
        places: Tensor = self.places
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

    def forward(self, x: Tensor, tokens: Tensor) -> Tensor:
        """Map text (B, L, D) and picture tokens (B, T, W) to (B, L, D)."""
        query, key, value = self._split(self.query(self.norm(x))), self._split(self.key(tokens)), self.value(tokens)
        mixed = F.scaled_dot_product_attention(query, key, self._split(value))
        attended: Tensor = x + self.output(mixed.transpose(1, 2).flatten(2))
        return attended

    def attention(self, x: Tensor, tokens: Tensor) -> Tensor:
        """Return how much each text token looks at each picture token, (B, heads, L, T); rows sum to one."""
        query, key = self._split(self.query(self.norm(x))), self._split(self.key(tokens))
        weights: Tensor = (query @ key.transpose(2, 3) / query.shape[-1] ** 0.5).softmax(-1)
        return weights


@dataclass
class Look:
    """What a layer of the fusion encoder did.

    Args:
        weights: (B, L, T) float32, how much each text token looked at each picture token: the mean of the first half of
            the heads, so that the others may look elsewhere.
        hidden: (B, L, D), the text afterwards.
    """

    weights: Tensor
    hidden: Tensor


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

    def forward(self, hidden: Tensor, mask: Tensor, tokens: Tensor | None, looks: list[Look] | None = None) -> Tensor:
        """Return fused text tokens, (B, L, D).

        Args:
            hidden: (B, L, D), what the text tower says below these layers.
            mask: (B, L) bool, False where padded.
            tokens: (B, T, W) of the pictures; None to read the text alone.
            looks: Takes what every layer did, if there are pictures.
        """
        attend = None if bool(mask.all()) else mask[:, None, None, :]  # (B, 1, 1, L)
        for look, layer in zip(self.look, self.layer, strict=True):
            before = hidden
            if tokens is not None:
                hidden = look(hidden, tokens)
            hidden = layer(hidden, attend)
            if looks is not None and tokens is not None:
                weights = cast("CrossAttention", look).attention(before, tokens)  # (B, heads, L, T)
                looks.append(Look(weights[:, : weights.shape[1] // 2].float().mean(1), hidden))
        return hidden
