"""A learner on top of an encoder whose pictures and texts share a space already."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmsearch.alignment.base import Aligner, Report
from mmsearch.alignment.checks import Pairs, Rows, check_between, unit_rows
from mmsearch.alignment.ensemble import Ensemble
from mmsearch.alignment.held_out import mean_reciprocal_rank
from mmsearch.alignment.learners import LEARNERS
from mmsearch.errors import BadInput, UnknownName
from mmsearch.nets.projections import Joined, Same

SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0)  # that are tried
METHODS: dict[str, type[Aligner]] = {**LEARNERS, "ensemble": Ensemble}  # that may stand on top of an encoder
_LEARNT = "learnt."


class Adaptation(Aligner):
    """Lays what a learner makes of aligned vectors beside the vectors as they are.

    The cosine becomes a weighted mean of both cosines. What an encoder knows from millions of pairs is kept so far as
    it helps: the weight is the one by which pairs that the learner has not seen find each other best, and may be 0.

    Args:
        method: Name of the learner, as in `METHODS`.
        parameters: Of the learner, those that differ from its defaults; None for none.
        validation: Share of the images that the weight is chosen on; the learner is then fitted on all.
        random_state: Of the choice of these images.

    Attributes:
        learner_: The fitted learner.
        share_: Weight of the learner's cosine, 0…1.
    """

    learner_: Aligner
    share_: float

    def __init__(
        self,
        method: str = "contrastive",
        parameters: dict[str, Any] | None = None,
        validation: float = 0.2,
        random_state: int = 0,
    ) -> None:
        self.method = method
        self.parameters = parameters
        self.validation = validation
        self.random_state = random_state

    def _check_parameters(self) -> None:
        check_between("validation", self.validation, 0.01, 0.9)
        self._new()._check_parameters()

    def _new(self) -> Aligner:
        try:
            return METHODS[self.method](**(self.parameters or {}))
        except KeyError:
            raise UnknownName("learner", self.method, METHODS) from None
        except TypeError as error:
            raise BadInput(f"parameters is {self.parameters!r}, which {self.method} does not take: {error}") from error

    def _learn(self, pairs: Pairs, progress: Report | None) -> None:
        if pairs.image.shape[1] != pairs.text.shape[1]:
            raise BadInput(
                f"Images have {pairs.image.shape[1]} columns and texts {pairs.text.shape[1]}; an adaptation needs "
                "vectors that share a space already."
            )
        count = round(self.validation * len(pairs.image))
        self.share_ = 0.0  # of too few to choose by
        if 2 <= count <= len(pairs.image) - 2:
            order = np.random.default_rng(self.random_state).permutation(len(pairs.image))
            kept, held = pairs.subset(np.sort(order[count:])), pairs.subset(np.sort(order[:count]))
            self.share_ = self._best_share(self._fitted(kept, progress), held)
        self.learner_ = self._fitted(pairs, progress)

    def _fitted(self, pairs: Pairs, progress: Report | None) -> Aligner:
        learner = self._new()
        learner._learn(pairs, progress)
        learner.widths_ = (pairs.image.shape[1], pairs.text.shape[1])
        return learner

    def _best_share(self, learner: Aligner, held: Pairs) -> float:
        """Return the weight by which held-out images and their first texts find each other best, the least of ties."""
        first = np.unique(held.owner, return_index=True)[1]
        rows = held.image, held.text[first]
        found = {share: mean_reciprocal_rank(self._joined(learner, rows, share), None) for share in SHARES}
        return max(SHARES, key=found.__getitem__)

    def _joined(self, learner: Aligner, rows: tuple[Rows, Rows], share: float) -> tuple[Tensor, ...]:
        return tuple(torch.from_numpy(_beside(learner, part, view, share)) for view, part in enumerate(rows))

    def _project(self, rows: Rows, view: int) -> Rows:
        return _beside(self.learner_, rows, view, self.share_)

    def projection(self, view: int) -> nn.Module:
        """Return the map of a view as a network."""
        self._check_fitted()
        parts = ((1 - self.share_, Same()), (self.share_, self.learner_.projection(view)))
        used = [(weight, part) for weight, part in parts if weight > 0]
        return Joined([part for _, part in used], [weight for weight, _ in used])

    def _tensors(self) -> dict[str, Tensor]:
        learnt = {_LEARNT + name: tensor for name, tensor in self.learner_._tensors().items()}
        return learnt | {"share": torch.tensor(self.share_, dtype=torch.float64)}

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        self.learner_ = self._new()
        self.learner_.widths_ = self.widths_
        self.learner_._restore({n.removeprefix(_LEARNT): t for n, t in tensors.items() if n.startswith(_LEARNT)})
        self.share_ = float(tensors["share"])


def _beside(learner: Aligner, rows: Rows, view: int, share: float) -> Rows:
    """Return vectors as they are and what a learner makes of them, by the roots of their weights: (n, d + dim)."""
    parts = ((1 - share, rows), (share, learner._project(rows, view)))
    joined: Rows = np.concatenate([np.sqrt(weight) * unit_rows(part) for weight, part in parts if weight > 0], axis=1)
    return joined
