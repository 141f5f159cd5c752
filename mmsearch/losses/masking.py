"""Masked language modelling: which words are hidden, and the loss on guessing them."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


def draw_masked(eligible: Tensor, preferred: Tensor, share: float, generator: torch.Generator) -> Tensor:
    """Draw the tokens to hide: a share of each row, at least one, preferred ones three times as often.

    Args:
        eligible: (B, L) bool, False for padding, ends and prefix.
        preferred: (B, L) bool, such as nouns and colours.
        share: Of the eligible tokens of a row.
        generator: On the device of `eligible`.

    Returns:
        (B, L) bool; all False in a row without an eligible token.
    """
    # The Gumbel trick: the largest of log-weight plus noise are a weighted draw without replacement.
    noise = -torch.empty(eligible.shape, device=eligible.device).exponential_(generator=generator).log()
    lots = torch.where(preferred, noise + 1.1, noise).masked_fill(~eligible, -torch.inf)  # (B, L)
    count = (eligible.sum(1) * share).round().clamp(min=1)  # (B,)
    rank = lots.argsort(1, descending=True).argsort(1)  # (B, L)
    return (rank < count[:, None]) & eligible


def masked_loss(logits: Tensor, words: Tensor) -> Tensor:
    """Cross entropy of the hidden words alone (BERT, arXiv:1810.04805, section 3.1).

    Args:
        logits: (n, V), at the hidden places.
        words: (n,), ids of what was there.

    Returns:
        Scalar, in nats; zero if nothing was hidden.
    """
    return F.cross_entropy(logits, words, reduction="sum") / max(1, len(words))
