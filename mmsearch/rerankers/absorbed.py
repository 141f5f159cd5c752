"""Cross-attention of few text tokens over many picture tokens, with fewer multiplications.

Instead of projecting every picture token to a key and a value, the query is taken to the space of the picture tokens,
and what it gathers there is projected to a value: W_q q · W_k x = (W_kᵀ W_q q) · x. So DeepSeek-V2 absorbs its
up-projections (arXiv:2405.04434, section 2.1). The bias of the keys adds the same to every weight of a row, which the
softmax does not see.
"""

from collections.abc import Iterator
from typing import cast

from torch import Tensor, nn


class AbsorbedAttention(nn.Module):
    """Stands in for a cross-attention of transformers whose layers are called `query`, `key` and `value`.

    Args:
        given: That attention.
    """

    def __init__(self, given: nn.Module) -> None:
        super().__init__()
        self.query, self.key, self.value = (cast("nn.Linear", getattr(given, name)) for name in _LAYERS)
        self.heads = cast("int", given.num_attention_heads)

    def forward(
        self, hidden_states: Tensor, *_: object, encoder_hidden_states: Tensor, **__: object
    ) -> tuple[Tensor, Tensor]:
        """Return what text tokens gather, (B, L, D), and how much each looked where, (B, heads, L, T).

        Args:
            hidden_states: (B, L, D).
            encoder_hidden_states: (B, T, W), picture tokens, none of them padding.
        """
        rows, length, width = len(hidden_states), hidden_states.shape[1], encoder_hidden_states.shape[2]
        size = self.key.out_features // self.heads
        key, value = (layer.weight.view(self.heads, size, width) for layer in (self.key, self.value))
        query = self.query(hidden_states).view(rows, length, self.heads, size).transpose(1, 2)  # (B, heads, L, size)
        moved = (query @ key * size**-0.5).flatten(1, 2)  # (B, heads * L, W)
        weights = (moved @ encoder_hidden_states.transpose(1, 2)).softmax(-1).view(rows, self.heads, length, -1)
        gathered = (weights.flatten(1, 2) @ encoder_hidden_states).view(rows, self.heads, length, width)
        mixed = (gathered @ value.transpose(1, 2)).transpose(1, 2).flatten(2)  # (B, L, D)
        if self.value.bias is not None:
            mixed = mixed + self.value.bias
        return mixed, weights  # the very ones that took part, so that a gradient finds them


_LAYERS = ("query", "key", "value")


def absorb(network: nn.Module, inside: int, length: int) -> None:
    """Put an `AbsorbedAttention` in place of every cross-attention that is quicker that way.

    Args:
        network: Changed in place; its self-attention is left as it is.
        inside: Width of picture tokens.
        length: Text tokens that usually look.
    """
    for parent, name, given in list(_attentions(network)):
        if (
            cast("nn.Linear", given.key).in_features == inside
            and cast("int", given.num_attention_heads) * length < inside
        ):
            setattr(parent, name, AbsorbedAttention(given))


def cross_attentions(network: nn.Module) -> list[nn.Module]:
    """Return the cross-attentions of a network, lowest layer first; each returns its weights beside its result."""
    return [given for _, _, given in _attentions(network)]


def _attentions(network: nn.Module) -> Iterator[tuple[nn.Module, str, nn.Module]]:
    """Yield cross-attentions with where they hang."""
    for path, parent in network.named_modules():
        if path.endswith("crossattention"):
            for name, child in parent.named_children():
                if all(hasattr(child, layer) for layer in _LAYERS):
                    yield parent, name, child
