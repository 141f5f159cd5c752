"""A multimodal autoencoder of any number of views."""

from collections.abc import Sequence
from itertools import combinations

import numpy as np
import torch
from numpy.typing import ArrayLike
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.alignment.base import Report, ViewsAligner
from mmsearch.alignment.checks import Rows, check_between, checked_rows
from mmsearch.alignment.contrast import Contrast, refuse_without_labels
from mmsearch.alignment.items import Batch, Items
from mmsearch.alignment.torch_learner import TorchAligner
from mmsearch.errors import BadInput
from mmsearch.nets.projectors import ProjectorNetwork


class MultimodalAutoencoder(TorchAligner, ViewsAligner):
    """Learns one hidden code from which every view of an item can be rebuilt, whichever views are there.

    The code is the mean of the encodings of the views that are present (Ngiam et al., ICML 2011, train on items with
    views left out). Minimises Σᵢ ‖xᵢ - gᵢ(h)‖² over random subsets of the views, on standardised features, plus a
    contrast that draws the encodings of one item together. Decoders end in a linear layer.

    Args:
        dim: Columns of the code.
        hidden: Width of the residual of the encoders and of the decoders; 0 for linear ones.
        dropout: Share of hidden values set to zero in training; of features it is half.
        modality_dropout: Chance of each view to be left out of the code of a training item; one is always kept.
        reconstruction: Weight of the squared error, mean over columns and views.
        contrast: Weight of the contrast.
        temperature: Of the contrast at the start; it is learnt.
        smoothing: Share of the contrast's target that is spread over all items of a batch.
        class_share: Share of the contrast that draws items of one class together; used if `fit` is given labels.
        epochs: At most.
        batch_size: Items a step, at most; an epoch has three steps at least.
        learning_rate: At its peak.
        weight_decay: Of matrices.
        validation: Share of the items held out to tell when to stop; 0 to train to the end on all.
        patience: Epochs without a better score on them after which to stop.
        random_state: Seed.
        device: Where torch computes.
    """

    def __init__(
        self,
        dim: int = 512,
        hidden: int = 1024,
        dropout: float = 0.7,
        modality_dropout: float = 0.5,
        reconstruction: float = 1.0,
        contrast: float = 3.0,
        temperature: float = 0.05,
        smoothing: float = 0.1,
        class_share: float = 0.0,
        epochs: int = 40,
        batch_size: int = 2000,
        learning_rate: float = 2e-3,
        weight_decay: float = 0.1,
        validation: float = 0.05,
        patience: int = 20,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.dim = dim
        self.hidden = hidden
        self.dropout = dropout
        self.modality_dropout = modality_dropout
        self.reconstruction = reconstruction
        self.contrast = contrast
        self.temperature = temperature
        self.smoothing = smoothing
        self.class_share = class_share
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device

    def rebuild(self, views: Sequence[ArrayLike | None]) -> tuple[Rows, ...]:
        """Rebuild every view from those that are given.

        Args:
            views: (n, d) features of each view, or None where a view is missing; one is needed at least.

        Returns:
            (n, d) for every view, in the units of the features.

        Raises:
            BadInput: If this is not fitted, or the views cannot be used.
        """
        self._check_fitted()
        if len(views) != len(self.widths_):
            raise BadInput(
                f"There are {len(views)} views; this was fitted on {len(self.widths_)}. None for a missing one."
            )
        known = [
            (i, checked_rows(view, f"features of view {i}", self.widths_[i]))
            for i, view in enumerate(views)
            if view is not None
        ]
        if not known or len({len(rows) for _, rows in known}) > 1:
            raise BadInput("Give at least one view, and equally many rows of each.")
        code = np.mean([self._project(rows, view) for view, rows in known], axis=0)  # (n, dim)
        return tuple(self._decode(code, view) for view in range(len(self.widths_)))

    @torch.no_grad()
    def _decode(self, code: Rows, view: int) -> Rows:
        projector = self.network_.views()[view]
        standard = self.network_.others[f"decoder{view}"](torch.from_numpy(code).to(self.device))
        rebuilt: Rows = (standard * projector.deviation + projector.mean).cpu().numpy()
        return rebuilt

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_between("modality_dropout", self.modality_dropout, 0, 0.99)
        check_between("reconstruction", self.reconstruction, 0)
        check_between("contrast", self.contrast, 0)

    def _learn_views(self, views: tuple[Rows, ...], progress: Report | None) -> None:
        self._learn_items(Items.of_views(views, self.device), progress)

    def _build(self, widths: tuple[int, ...]) -> ProjectorNetwork:
        decoders = self._decoders(widths)
        contrast = Contrast("softmax", self.temperature, self.smoothing)
        return ProjectorNetwork(self._projectors(widths), contrast=contrast, **decoders)

    def _start(self, train: Items) -> None:
        refuse_without_labels(self.class_share, train)

    def _loss(self, batch: Batch) -> Tensor:
        codes = self._codes(self.network_, batch.rows)
        present = present_views(len(codes[0]), len(codes), self.modality_dropout).to(codes[0])
        hidden = torch.einsum("vbd,bv->bd", torch.stack(codes), present) / present.sum(1, keepdim=True)
        errors = [
            F.mse_loss(self.network_.others[f"decoder{i}"](hidden), projector.standardise(view))
            for i, (projector, view) in enumerate(zip(self.network_.views(), batch.rows, strict=True))
        ]
        draws = [
            self.network_.others["contrast"](one, other, batch.labels, self.class_share)
            for one, other in combinations(codes, 2)
        ]
        return self.reconstruction * torch.stack(errors).mean() + self.contrast * torch.stack(draws).mean()


def present_views(items: int, views: int, dropout: float) -> Tensor:
    """Draw which views of each item are present, (items, views) bool; each item keeps one at least."""
    present = torch.rand(items, views) >= dropout
    present[torch.arange(items), torch.randint(views, (items,))] = True
    return present
