"""Image-text contrast by independent yes-or-no questions."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


def sigmoid_loss(image: Tensor, text: Tensor, scale: Tensor | float, bias: Tensor | float) -> Tensor:
    """Ask of every image and text of a batch whether they belong together (SigLIP, arXiv:2303.15343, algorithm 1).

    Args:
        image: (B, D), unit rows. Row i matches row i of `text`.
        text: (B, D), unit rows.
        scale: Multiplies the cosines: one over the temperature.
        bias: Added to every logit; begins far below 0, since most pairs do not match.

    Returns:
        Scalar, in nats: summed over texts, mean over images.
    """
    logits = scale * image @ text.T + bias  # (B, B)
    sign = 2 * torch.eye(len(image), device=image.device) - 1  # 1 where they match, else -1
    return -F.logsigmoid(sign * logits).sum() / len(image)
