"""The text tower: transformers' `BertModel` in plain torch.

The names of the weights and the numbers are those of `BertModel` (a test compares both), so a state dict fits
either. Importing `BertModel` takes two seconds, which a first answer should not wait for.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from .rows8 import decode_rows


@dataclass(frozen=True)
class TextShape:
    """Sizes of the tower, under the names that `BertConfig` gives them."""

    vocab_size: int
    hidden_size: int = 384
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 1536
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    layer_norm_eps: float = 1e-12


class RowEmbedding(nn.Module):
    """A table that stays in 8-bit rows; only the rows looked up are decoded.

    Args:
        rows: (V, D) int8.
        scale: (V, 1) float16.
    """

    def __init__(self, rows: Tensor, scale: Tensor) -> None:
        super().__init__()
        self.register_buffer("rows", rows)
        self.register_buffer("scale", scale)

    def forward(self, ids: Tensor) -> Tensor:
        """Return the decoded rows, float32: ids (B, L) to (B, L, D)."""
        return decode_rows(self.get_buffer("rows")[ids], self.get_buffer("scale")[ids])


class _Embeddings(nn.Module):
    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.word_embeddings: nn.Module = nn.Embedding(shape.vocab_size, shape.hidden_size)
        self.position_embeddings = nn.Embedding(shape.max_position_embeddings, shape.hidden_size)
        self.token_type_embeddings = nn.Embedding(shape.type_vocab_size, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, ids: Tensor) -> Tensor:
        place = self.position_embeddings.weight[: ids.shape[1]] + self.token_type_embeddings.weight[0]  # (L, D)
        normed: Tensor = self.LayerNorm(self.word_embeddings(ids).to(place.dtype) + place)
        return normed


class _SelfAttention(nn.Module):
    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.heads = shape.num_attention_heads
        self.query = nn.Linear(shape.hidden_size, shape.hidden_size)
        self.key = nn.Linear(shape.hidden_size, shape.hidden_size)
        self.value = nn.Linear(shape.hidden_size, shape.hidden_size)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, L, D) to (B, L, D)."""
        query, key, value = (
            each(x).unflatten(-1, (self.heads, -1)).transpose(1, 2) for each in (self.query, self.key, self.value)
        )  # (B, heads, L, D / heads)
        return _mixed(query, key, value, mask).transpose(1, 2).flatten(2)


def _mixed(query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None) -> Tensor:
    """Return attention, (B, heads, L, D / heads), of arguments of that shape and a mask as `BertLayer` takes it.

    The fused operator's gradient takes about twice as long on a CPU as that of plain products.
    """
    if query.device.type != "cpu" or not query.requires_grad:
        return F.scaled_dot_product_attention(query, key, value, attn_mask=mask)
    weights = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5  # (B, heads, L, L)
    if mask is not None:
        weights = weights.masked_fill(~mask, -torch.inf)
    mixed: Tensor = weights.softmax(-1) @ value
    return mixed


class _Output(nn.Module):
    """A linear layer whose result is added to what went around it, then normalised."""

    def __init__(self, inside: int, shape: TextShape) -> None:
        super().__init__()
        self.dense = nn.Linear(inside, shape.hidden_size)
        self.LayerNorm = nn.LayerNorm(shape.hidden_size, shape.layer_norm_eps)

    def forward(self, x: Tensor, around: Tensor) -> Tensor:
        normed: Tensor = self.LayerNorm(self.dense(x) + around)
        return normed


class _Attention(nn.Module):
    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.self = _SelfAttention(shape)
        self.output = _Output(shape.hidden_size, shape)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        mixed: Tensor = self.output(self.self(x, mask), x)
        return mixed


class _Intermediate(nn.Module):
    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.dense = nn.Linear(shape.hidden_size, shape.intermediate_size)

    def forward(self, x: Tensor) -> Tensor:
        return F.gelu(self.dense(x))


class BertLayer(nn.Module):
    """One layer of the tower."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.attention = _Attention(shape)
        self.intermediate = _Intermediate(shape)
        self.output = _Output(shape.intermediate_size, shape)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        """Map (B, L, D) to (B, L, D); mask (B, 1, 1, L) is False where padded, None if nothing is."""
        mixed = self.attention(x, mask)
        widened: Tensor = self.output(self.intermediate(mixed), mixed)
        return widened


class _Encoder(nn.Module):
    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.layer = nn.ModuleList(BertLayer(shape) for _ in range(shape.num_hidden_layers))


class BertTower(nn.Module):
    """Token ids to token vectors, post-norm (arXiv:1810.04805), without a pooler."""

    def __init__(self, shape: TextShape) -> None:
        super().__init__()
        self.embeddings = _Embeddings(shape)
        self.encoder = _Encoder(shape)

    def through(self, x: Tensor, mask: Tensor, first: int = 0, last: int | None = None) -> Tensor:
        """Take hidden states (B, L, D) through layers `first` to below `last`.

        Args:
            x: Of the embeddings, or what an earlier call returned.
            mask: (B, L) bool, False where padded.
            first: 0 for the lowest layer.
            last: None for all that there are.
        """
        # Without padding no mask is needed, and attention is faster without one.
        attend = None if bool(mask.all()) else mask[:, None, None, :]  # (B, 1, 1, L)
        for layer in self.encoder.layer[first:last]:
            x = layer(x, attend)
        return x

    def tokens(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the last hidden state, (B, L, D).

        Args:
            ids: (B, L) int64.
            mask: (B, L) bool, False where padded.
        """
        return self.through(self.embeddings(ids), mask)

    def forward(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the mean of the token vectors, (B, D) float32, for arguments as in `tokens`."""
        return mean_of_tokens(self.tokens(ids, mask), mask)


def mean_of_tokens(tokens: Tensor, mask: Tensor) -> Tensor:
    """Return the mean of the token vectors that are not padding, (B, D) float32."""
    weight = mask.to(torch.float32)[..., None]  # (B, L, 1)
    return (tokens.float() * weight).sum(1) / weight.sum(1)
