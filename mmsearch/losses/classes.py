"""Contrast of classes rather than of pairs."""

from torch import Tensor


def class_contrast(image: Tensor, text: Tensor, scale: Tensor | float, labels: Tensor) -> Tensor:
    """Draw images to all texts of their class in the batch, and texts to images.

    The supervised contrastive loss with the sum outside the logarithm (arXiv:2004.11362, eq. 2), across modalities.
    With a class for each pair it is symmetric InfoNCE.

    Args:
        image: (B, D), unit rows.
        text: (B, D), unit rows.
        scale: Multiplies the cosines: one over the temperature.
        labels: (B,), the class of row i of both.

    Returns:
        Scalar, in nats.
    """
    same = (labels[:, None] == labels).to(image.dtype)  # (B, B)
    target = same / same.sum(1, keepdim=True)
    logits = scale * image @ text.T
    there, back = logits.log_softmax(1), logits.T.log_softmax(1)
    return -(target * (there + back)).sum(1).mean() / 2
