"""Image-text matching and the choice of its negatives."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows


def matching_loss(logits: Tensor, matched: Tensor) -> Tensor:
    """Binary cross entropy of the log-odds of a match (ALBEF, arXiv:2107.07651, section 3.2).

    Args:
        logits: (N,), log-odds that a text and a picture belong together.
        matched: (N,) bool.

    Returns:
        Scalar, in nats.
    """
    return F.binary_cross_entropy_with_logits(logits, matched.to(logits.dtype))


def ranking_loss(logits: Tensor, matched: Tensor, text: Tensor, picture: Tensor) -> Tensor:
    """Let a match score higher than what shares its text or its picture and is none.

    RankNet's objective (doi:10.1145/1102351.1102363).

    What makes all pairs of a text or of a picture alike is left out of the difference, so that what the false one
    changed is seen sooner.

    Args:
        logits: (N,), log-odds that a text and a picture belong together.
        matched: (N,) bool.
        text: (N,), equal where the text is the same.
        picture: (N,), equal where the picture is the same.

    Returns:
        Scalar, in nats; zero where nothing is shared.
    """
    shared = (text[:, None] == text) | (picture[:, None] == picture)
    pairs = shared & matched[:, None] & ~matched  # (N, N), rows match, columns do not
    losses = F.softplus(logits[None, :] - logits[:, None])[pairs]
    return losses.sum() / max(1, len(losses))


def hard_negatives(cosines: Tensor, never: Tensor, scale: float, generator: torch.Generator) -> Tensor:
    """Draw one negative for each query, the likelier the more it resembles a match.

    Args:
        cosines: (Q, N) between queries and candidates.
        never: (Q, N) bool, True where a candidate matches the query or may match it.
        scale: Multiplies the cosines: 0 draws evenly, more draws harder.
        generator: On the device of `cosines`.

    Returns:
        (Q,), columns; -1 where a query has no negative.
    """
    logits = (scale * cosines.float()).masked_fill(never, -torch.inf)
    none = never.all(1)
    chances = logits.masked_fill(none[:, None], 0.0).softmax(1)
    drawn = torch.multinomial(chances, 1, generator=generator)[:, 0]
    return drawn.masked_fill(none, -1)
