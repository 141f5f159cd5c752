"""Contrastive heads on frozen features."""

from typing import Self

from numpy.typing import ArrayLike
from torch import Tensor

from mmsearch.alignment.base import Report
from mmsearch.alignment.checks import Pairs, check_between, check_count, check_one_of, checked_pairs, checked_rows
from mmsearch.alignment.contrast import LOSSES, Contrast, refuse_without_labels
from mmsearch.alignment.items import Batch, Items
from mmsearch.alignment.torch_learner import TorchAligner
from mmsearch.alignment.warm_start import begin_as_cca
from mmsearch.errors import BadInput
from mmsearch.losses.structure import structure_loss
from mmsearch.nets.projectors import ProjectorNetwork


class ContrastiveHeads(TorchAligner):
    """Trains a head on each side so that every image tells its text from those of other images, and back.

    An epoch draws one text of each image, so other texts of an image are never its negatives.

    Args:
        dim: Columns of the shared space.
        hidden: Width of the residual of each head; 0 for linear heads.
        dropout: Share of hidden values set to zero in training; of features it is half.
        loss: "softmax" (InfoNCE, as in CLIP) or "sigmoid" (as in SigLIP).
        temperature: At the start; it is learnt.
        smoothing: Share of the target that is spread over all texts of a batch; for softmax.
        structure: Weight of the term that keeps each side's neighbourhoods; 0 for none.
        levels: Up to which power that term compares neighbours of neighbours.
        class_share: Share of the loss that draws items of one class together; used if `fit` is given labels.
        start_from_cca: Whether the linear part begins as CCA rather than at random; then at most as many columns
            as CCA has components are returned.
        epochs: At most; in each every image meets one of its texts.
        batch_size: Images a step, at most; an epoch has three steps at least.
        learning_rate: At its peak.
        weight_decay: Of matrices.
        validation: Share of the images held out to tell when to stop; 0 to train to the end on all.
        patience: Epochs without a better score on them after which to stop.
        random_state: Seed.
        device: Where torch computes.
    """

    _extra: Pairs | None = None  # of the fit that goes on

    def __init__(
        self,
        dim: int = 512,
        hidden: int = 1024,
        dropout: float = 0.7,
        loss: str = "softmax",
        temperature: float = 0.05,
        smoothing: float = 0.1,
        structure: float = 0.0,
        levels: int = 1,
        class_share: float = 0.0,
        start_from_cca: bool = False,
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
        self.loss = loss
        self.temperature = temperature
        self.smoothing = smoothing
        self.structure = structure
        self.levels = levels
        self.class_share = class_share
        self.start_from_cca = start_from_cca
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device

    def fit(
        self,
        image: ArrayLike,
        text: ArrayLike,
        *,
        owner: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        extra: tuple[ArrayLike, ArrayLike] | None = None,
        progress: Report | None = None,
    ) -> Self:
        """Learn from pairs, as every learner does, and from extra ones that are never held out.

        Args:
            image: (n, d1) features.
            text: (m, d2) features.
            owner: (m,), the row of `image` that each text describes.
            labels: (n,), classes.
            extra: Further pairs, (k, d1) and (k, d2), such as the mean picture of a class and its name.
            progress: Called after each epoch.

        Raises:
            BadInput: If data or parameters cannot be used, or extra pairs are given together with labels.
        """
        self._extra = None if extra is None else checked_pairs(*extra)
        if self._extra is not None:
            checked_rows(self._extra.image, "extra image features", checked_rows(image, "image features").shape[1])
            checked_rows(self._extra.text, "extra text features", checked_rows(text, "text features").shape[1])
            if labels is not None:
                raise BadInput("Extra pairs have no classes; give either `extra` or `labels`.")
        try:
            return super().fit(image, text, owner=owner, labels=labels, progress=progress)
        finally:
            del self._extra

    def _with_more(self, train: Items) -> Items:
        return train if self._extra is None else train.joined(Items.of_pairs(self._extra, self.device))

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_one_of("loss", self.loss, LOSSES)
        check_between("structure", self.structure, 0)
        check_count("levels", self.levels)

    def _build(self, widths: tuple[int, ...]) -> ProjectorNetwork:
        contrast = Contrast(self.loss, self.temperature, self.smoothing)
        return ProjectorNetwork(self._projectors(widths), contrast=contrast)

    def _start(self, train: Items) -> None:
        refuse_without_labels(self.class_share, train)
        if self.start_from_cca:
            begin_as_cca(self.network_, train, self.dim)

    def _loss(self, batch: Batch) -> Tensor:
        codes = self._codes(self.network_, batch.rows)
        loss: Tensor = self.network_.others["contrast"](*codes, batch.labels, self.class_share)
        if self.structure == 0.0:
            return loss
        kept = [
            structure_loss(projector.standardise(view), code, self.levels)
            for projector, view, code in zip(self.network_.views(), batch.rows, codes, strict=True)
        ]
        return loss + self.structure * sum(kept, loss.new_zeros(()))
