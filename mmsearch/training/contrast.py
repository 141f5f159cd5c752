"""Contrast of a batch's true pairs, with foils or with what a teacher says as further keys."""

import torch
from torch import Tensor

from mmsearch.losses.contrastive import directed_loss, same_pairs, shared_with


class PairCache:
    """Vectors of the last pairs, as negatives beyond the batch (MoCo, arXiv:1911.05722).

    They must come from a teacher: those of the network itself are stale after a few steps, and harm.

    Args:
        size: Pairs kept.
        dim: Width of the vectors.
        device: Where they are kept.
    """

    def __init__(self, size: int, dim: int, device: torch.device) -> None:
        self.size = size
        self.image = torch.zeros(0, dim, device=device)
        self.text = torch.zeros(0, dim, device=device)
        self.ids = torch.zeros(0, 2, dtype=torch.int64, device=device)  # of picture and text

    def add(self, image: Tensor, text: Tensor, ids: Tensor) -> None:
        """Put pairs first, and let the oldest go."""
        self.image = torch.cat([image.detach(), self.image])[: self.size]
        self.text = torch.cat([text.detach(), self.text])[: self.size]
        self.ids = torch.cat([ids, self.ids])[: self.size]

    def state(self) -> list[Tensor]:
        """Return what `restore` needs."""
        return [self.image, self.text, self.ids]

    def restore(self, state: list[Tensor]) -> None:
        """Go on from what `state` returned."""
        device = self.image.device
        self.image, self.text, self.ids = (each.to(device) for each in state)


def foiled_contrast(image: Tensor, text: Tensor, ids: Tensor, foils: Tensor, scale: Tensor, smoothing: float) -> Tensor:
    """Contrast pairs with one another, and pictures with foils too.

    Args:
        image: (T, D), unit rows; row i belongs to row i of `text`.
        text: (T, D), unit rows.
        ids: (T, 2) of picture and text; pairs that share one are no negatives of each other.
        foils: (F, D), unit rows of texts that are true of no picture.
        scale: Multiplies the cosines.
        smoothing: Share of the target that is spread.

    Returns:
        Scalar, in nats.
    """
    same = same_pairs(ids[:, 0], ids[:, 1])
    never = torch.cat([same, same.new_zeros(len(text), len(foils))], 1)  # (T, T + F)
    there = directed_loss(image, torch.cat([text, foils]), scale, never, smoothing)
    back = directed_loss(text, image, scale, same, smoothing)
    return (there + back).mean() / 2


def taught_contrast(
    mine: tuple[Tensor, Tensor],
    taught: tuple[Tensor, Tensor],
    ids: Tensor,
    cache: PairCache,
    scale: Tensor,
    smoothing: float,
    belief: float,
) -> Tensor:
    """Contrast pairs with a teacher's vectors, of this batch and earlier ones (ALBEF, arXiv:2107.07651, section 3.3).

    All keys are the teacher's, so that none can be told by its age; its opinion is part of the target.

    Args:
        mine: Pictures and texts, (T, D) each, unit rows; row i of one belongs to row i of the other.
        taught: The same in the teacher's words.
        ids: (T, 2) of picture and text; pairs that share one are no negatives of each other.
        cache: Of the teacher's vectors; takes this batch in.
        scale: Multiplies the cosines.
        smoothing: Share of the hard target that is spread.
        belief: Share of the target that is the teacher's opinion.

    Returns:
        Scalar, in nats.
    """
    never = torch.cat(
        [same_pairs(ids[:, 0], ids[:, 1]), shared_with(ids[:, 0], ids[:, 1], cache.ids[:, 0], cache.ids[:, 1])], 1
    )  # (T, T + N)
    losses = []
    for queries, asked, keys in (
        (mine[0], taught[0], torch.cat([taught[1], cache.text])),
        (mine[1], taught[1], torch.cat([taught[0], cache.image])),
    ):
        opinion = (scale.detach() * asked @ keys.T).masked_fill(never, -torch.inf).softmax(1)  # (T, T + N)
        losses.append(directed_loss(queries, keys, scale, never, smoothing, opinion, belief))
    cache.add(*taught, ids)
    return torch.cat(losses).mean()
