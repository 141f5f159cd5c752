"""The contrast of pairs or classes that several learners descend."""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.alignment.items import Items
from mmsearch.errors import BadInput
from mmsearch.losses.classes import class_contrast
from mmsearch.losses.contrastive import contrastive_loss
from mmsearch.losses.sigmoid import sigmoid_loss

LOSSES = ("softmax", "sigmoid")
SIGMOID_BIAS = -10.0  # at the start (SigLIP, arXiv:2303.15343, section 3.2)


class Contrast(nn.Module):
    """The learnt scale and bias of cosines, and the loss on them."""

    def __init__(self, kind: str, temperature: float, smoothing: float) -> None:
        super().__init__()
        self.kind, self.smoothing = kind, smoothing
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / temperature)))
        self.bias = nn.Parameter(torch.tensor(SIGMOID_BIAS))

    def forward(self, image: Tensor, text: Tensor, labels: Tensor | None, class_share: float) -> Tensor:
        """Return the loss of codes of any length, (B, D) each: of pairs, of classes or of both."""
        scale = self.log_scale.exp()
        image, text = F.normalize(image, dim=1), F.normalize(text, dim=1)
        if self.kind == "sigmoid":
            pairs = sigmoid_loss(image, text, scale, self.bias)
        else:
            pairs = contrastive_loss(image, text, scale, None, self.smoothing)
        if labels is None or class_share == 0.0:
            return pairs
        return (1 - class_share) * pairs + class_share * class_contrast(image, text, scale, labels)


def refuse_without_labels(class_share: float, items: Items) -> None:
    """Refuse a share of classes where there are none.

    Raises:
        BadInput: If the share is not 0 and the items have no labels.
    """
    if class_share and items.labels is None:
        raise BadInput(f"class_share is {class_share}, but no labels were given.")
