"""Which characters of a text each of its tokens stands for, so that whole words can be hidden and guessed."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from .dual_network import DualNetwork
from .tokens import PAD


@dataclass(frozen=True)
class SpannedTokens:
    """Texts as tokens, with where these lie in the text."""

    ids: Tensor  # (B, L) int64
    mask: Tensor  # (B, L) bool, False where padded
    spans: Tensor  # (B, L, 2) int64, start and end of a token in its text; (0, 0) for prefix, ends and padding

    def within(self, starts: Sequence[int], ends: Sequence[int]) -> Tensor:
        """Return which tokens share a character with `text[start:end]`, one span a text, (B, L) bool."""
        start, end = torch.tensor(starts)[:, None], torch.tensor(ends)[:, None]  # (B, 1)
        return (self.spans[..., 0] < end) & (self.spans[..., 1] > start)


def spanned_tokens(dual: DualNetwork, texts: Sequence[str]) -> SpannedTokens:
    """Return ids and mask as `DualNetwork.tokens` does, and spans. The space before a word belongs to its first token.

    Args:
        dual: Whose tokenizer and prefix are used.
        texts: At least one.
    """
    before = len(dual.shape.prefix)
    encoded = dual.tokenizer.encode_batch([dual.shape.prefix + text for text in texts])
    ids = torch.full((len(texts), max(len(each.ids) for each in encoded)), PAD)
    spans = torch.zeros(*ids.shape, 2, dtype=torch.int64)
    lengths = torch.tensor([len(each.ids) for each in encoded])
    for row, each in enumerate(encoded):
        ids[row, : len(each.ids)] = torch.tensor(each.ids)
        spans[row, : len(each.ids)] = (torch.tensor(each.offsets) - before).clamp_min(0)
    return SpannedTokens(ids, torch.arange(ids.shape[1]) < lengths[:, None], spans)
