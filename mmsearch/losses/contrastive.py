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


def shared_with(image_ids: Tensor, text_ids: Tensor, key_image_ids: Tensor, key_text_ids: Tensor) -> Tensor:
    """Say which kept pairs must not count as negatives of which pairs of a batch.

    Args:
        image_ids: (B,) of the batch.
        text_ids: (B,)
        key_image_ids: (N,) of the kept pairs.
        key_text_ids: (N,)

    Returns:
        (B, N) bool, True where both have the same picture or the same text.
    """
    return (image_ids[:, None] == key_image_ids) | (text_ids[:, None] == key_text_ids)


def directed_loss(
    queries: Tensor,
    keys: Tensor,
    scale: Tensor | float,
    never: Tensor | None = None,
    smoothing: float = 0.0,
    soft: Tensor | None = None,
    softness: float = 0.0,
) -> Tensor:
    """InfoNCE one way: each query should tell its own key from all others.

    Args:
        queries: (B, D), unit rows. Row i matches row i of `keys`.
        keys: (N, D), unit rows, N >= B; rows from B on are further negatives, such as those of earlier batches.
        scale: Multiplies the cosines: one over the temperature.
        never: (B, N) bool, True where a key must not count as a negative; None if all may.
        smoothing: Share of the target that is spread over own key and negatives (arXiv:1512.00567, section 7).
        soft: (B, N), what a momentum model believes, rows summing to one (ALBEF, arXiv:2107.07651, section 3.3).
        softness: Share of the target that is `soft`.

    Returns:
        (B,), in nats.
    """
    logits = scale * queries @ keys.T  # (B, N)
    if never is not None:
        logits = logits.masked_fill(never, -torch.inf)
    logs, candidate = logits.log_softmax(1), logits.isfinite()
    known = torch.where(candidate, logs, 0)  # (B, N)
    loss = -(1 - smoothing) * logs.diagonal() - smoothing * known.sum(1) / candidate.sum(1)
    if soft is None or softness == 0.0:
        return loss
    return (1 - softness) * loss - softness * (soft * known).sum(1)


def contrastive_loss(
    image: Tensor, text: Tensor, scale: Tensor | float, same: Tensor | None = None, smoothing: float = 0.0
) -> Tensor:
    """Symmetric InfoNCE over a batch (CLIP, arXiv:2103.00020, fig. 3), with label smoothing.

    Unlike CLIP, rows that share a picture or a text are no negatives of each other.

    Args:
        image: (B, D), unit rows. Row i matches row i of `text`.
        text: (B, D), unit rows.
        scale: Multiplies the cosines: one over the temperature.
        same: (B, B) bool as `same_pairs` gives it, or None if no two rows share anything.
        smoothing: Share of the target that is spread, 0 to below 1.

    Returns:
        Scalar, in nats.
    """
    there = directed_loss(image, text, scale, same, smoothing)
    back = directed_loss(text, image, scale, None if same is None else same.T, smoothing)
    return (there + back).mean() / 2
