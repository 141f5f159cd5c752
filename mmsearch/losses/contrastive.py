"""Image-text contrast."""

import torch
from torch import Tensor


def same_pairs(image_ids: Tensor, text_ids: Tensor) -> Tensor:
    """Say which pairs of a batch must not count as negatives.

    Args:
        image_ids: (B,), equal where two rows show the same picture.
        text_ids: (B,), equal where two rows bear the same text.

    Returns:
        (B, B) bool, True where rows i and j share picture or text and i is not j.
    """
    shared = (image_ids[:, None] == image_ids) | (text_ids[:, None] == text_ids)  # (B, B)
    return shared & ~torch.eye(len(image_ids), dtype=torch.bool, device=shared.device)


def _one_way(logits: Tensor, smoothing: float) -> Tensor:
    """Return the smoothed cross entropy of each row with its diagonal entry, (B,); -inf is no candidate."""
    logs = logits.log_softmax(1)  # (B, B)
    candidate = logits.isfinite()
    spread = torch.where(candidate, logs, 0).sum(1) / candidate.sum(1)  # (B,), mean over the candidates
    return -(1 - smoothing) * logs.diagonal() - smoothing * spread


def contrastive_loss(
    image: Tensor, text: Tensor, scale: Tensor | float, same: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """Symmetric InfoNCE over a batch (CLIP, arXiv:2103.00020, fig. 3), with label smoothing.

    Unlike CLIP, rows that share a picture or a text are no negatives of each other, and the smoothing
    (arXiv:1512.00567, section 7) spreads its part over the true pair and the negatives.

    Args:
        image: (B, D), unit rows. Row i matches row i of `text`.
        text: (B, D), unit rows.
        scale: Multiplies the cosines: one over the temperature.
        same: (B, B) bool as `same_pairs` gives it, or None if no two rows share anything.
        smoothing: Share of the target that is spread, 0 to below 1.

    Returns:
        Scalar, in nats.
    """
    logits = scale * image @ text.T  # (B, B)
    if same is not None:
        logits = logits.masked_fill(same, -torch.inf)
    return (_one_way(logits, smoothing) + _one_way(logits.T, smoothing)).mean() / 2
