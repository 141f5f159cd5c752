"""How well held-out pairs find each other, and whether that is more than before."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mmsearch.evaluation.metrics import Difference, first_ranks, mean_average_precision, paired_difference, recall_at
from mmsearch.evaluation.retrieval import relevant_ranks
from mmsearch.laboratory.pairs import PairVectors
from mmsearch.types import Ids, Vectors

AT = (1, 5, 10)
DIRECTIONS = ("text_to_image", "image_to_text")
SIGNIFICANT = 0.05  # a gain less probable than this by chance counts


@dataclass(frozen=True, slots=True)
class Measured:
    """What one fit reached on the pairs that were held out from it."""

    figures: dict[str, dict[str, float]]  # by direction: R@1, R@5, R@10 and, with classes, MAP; 0…1
    first: NDArray[np.bool_]  # (q,), whether each query found a right answer first; texts, then pictures
    pictures: Ids  # (q,), the picture that each query belongs to, numbered as in the whole data

    @property
    def score(self) -> float:
        """What methods are chosen by: the mean of MAP where there are classes, else of all recalls."""
        names = ("MAP",) if "MAP" in self.figures["text_to_image"] else tuple(f"R@{k}" for k in AT)
        return float(np.mean([self.figures[direction][name] for direction in DIRECTIONS for name in names]))


def measured(image: Vectors, text: Vectors, held: PairVectors, numbers: Ids) -> Measured:
    """Measure codes of held-out pairs.

    Args:
        image: (n, dim), unit rows.
        text: (m, dim), unit rows.
        held: Whose codes they are.
        numbers: (n,), of the pictures in the whole data.
    """
    counts = np.bincount(held.owner, minlength=len(image))  # (n,)
    single, by_picture = np.ones(len(text), np.int64), np.argsort(held.owner, kind="stable")
    ranks = {
        "text_to_image": (relevant_ranks(text, image, held.owner, single), single),
        "image_to_text": (relevant_ranks(image, text, by_picture, counts), counts),
    }
    figures = {way: {f"R@{k}": recall_at(*found, k) for k in AT} for way, found in ranks.items()}
    right = ranks if held.labels is None else _class_ranks(image, text, held.labels, held.labels[held.owner])
    if held.labels is not None:
        for way, found in right.items():
            figures[way]["MAP"] = mean_average_precision(*found)
    first = np.concatenate([first_ranks(*right[way]) <= 1 for way in DIRECTIONS])
    return Measured(figures, first, np.concatenate([numbers[held.owner], numbers]))


def compared(before: list[Measured], after: list[Measured], methods: int) -> Difference:
    """Say by how much more often the right answer comes first, over all splits and both directions.

    Whole pictures are drawn, so one that several splits held out counts as one. The p is multiplied by the number of
    methods that the best was chosen from (Bonferroni).

    Args:
        before: What was measured on each split.
        after: Likewise, of the method that is judged.
        methods: That were tried.
    """
    pictures = np.concatenate([each.pictures for each in before])
    found = paired_difference(
        np.concatenate([each.first for each in before]), np.concatenate([each.first for each in after]), pictures
    )
    return Difference(found.before, found.after, found.gain, found.interval, min(1.0, found.p * methods))


def correlations(image: Vectors, text: Vectors, owner: Ids) -> NDArray[np.float64]:
    """Return how strongly each coordinate of texts correlates with that of their pictures, (dim,), largest first."""
    left, right = (rows.astype(np.float64) - rows.mean(axis=0) for rows in (image[owner], text))
    spread = np.sqrt((left**2).sum(axis=0) * (right**2).sum(axis=0))
    together = (left * right).sum(axis=0)
    found = np.divide(together, spread, out=np.zeros_like(together), where=spread > 1e-12)
    return np.sort(found)[::-1]


def _class_ranks(image: Vectors, text: Vectors, image_labels: Ids, text_labels: Ids) -> dict[str, tuple[Ids, Ids]]:
    """Return ranks and counts by direction, whatever is of the class of the query being right."""
    found = {}
    sides = {
        "text_to_image": (text, image, text_labels, image_labels),
        "image_to_text": (image, text, image_labels, text_labels),
    }
    for way, (queries, candidates, own, others) in sides.items():
        same = own[:, None] == others  # (queries, candidates)
        counts = same.sum(axis=1)
        found[way] = (relevant_ranks(queries, candidates, np.nonzero(same)[1], counts), counts)
    return found
