"""Deep CCA, and the autoencoder variant of it."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.alignment.cca import CCA
from mmsearch.alignment.checks import check_between
from mmsearch.alignment.held_out import mean_reciprocal_rank
from mmsearch.alignment.items import Batch, Items, owners_of
from mmsearch.alignment.torch_learner import TorchAligner
from mmsearch.alignment.warm_start import begin_as_cca
from mmsearch.errors import BadInput
from mmsearch.losses.correlation import total_correlation
from mmsearch.nets.projections import Chain
from mmsearch.nets.projectors import ProjectorNetwork

_CCA = "cca."


class DeepCCA(TorchAligner):
    """Trains a network on each side so that their codes correlate as much as can be, then applies CCA to the codes.

    Deep CCA (Andrew et al., ICML 2013), with batches that are large beside the codes (Wang et al., ICASSP 2015); with
    `reconstruction` the codes must also rebuild the features: DCCAE (Wang et al., ICML 2015).

    Args:
        dim: Columns of the codes.
        hidden: Width of the residual of each network, and of the decoders; 0 for linear maps.
        dropout: Share of hidden values set to zero in training; of features it is half.
        ridge: Share of the mean variance of codes that is added to every variance, in training and in the CCA.
        power: Of the correlations, by which the CCA weights its components.
        reconstruction: Weight of the squared error of rebuilt standardised features; 0 for none.
        start_from_cca: Whether the linear part begins as CCA rather than at random.
        epochs: At most.
        batch_size: Images a step; must exceed `dim`. Give the number of images for the full-batch objective.
        learning_rate: At its peak.
        weight_decay: Of matrices.
        validation: Share of the images held out to tell when to stop; 0 to train to the end on all.
        patience: Epochs without a better score on them after which to stop.
        random_state: Seed.
        device: Where torch computes.

    Attributes:
        cca_: Of the codes.
    """

    cca_: CCA
    least_batches = 1  # the full-batch objective is one of its forms

    def __init__(
        self,
        dim: int = 384,
        hidden: int = 1024,
        dropout: float = 0.7,
        ridge: float = 0.3,
        power: float = 1.0,
        reconstruction: float = 0.0,
        start_from_cca: bool = True,
        epochs: int = 15,
        batch_size: int = 2000,
        learning_rate: float = 1e-4,
        weight_decay: float = 0.1,
        validation: float = 0.05,
        patience: int = 5,
        random_state: int = 0,
        device: str = "cpu",
    ) -> None:
        self.dim = dim
        self.hidden = hidden
        self.dropout = dropout
        self.ridge = ridge
        self.power = power
        self.reconstruction = reconstruction
        self.start_from_cca = start_from_cca
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.validation = validation
        self.patience = patience
        self.random_state = random_state
        self.device = device

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_between("ridge", self.ridge, 1e-9)
        check_between("power", self.power, 0)
        check_between("reconstruction", self.reconstruction, 0)

    def _build(self, widths: tuple[int, ...]) -> ProjectorNetwork:
        decoders = self._decoders(widths) if self.reconstruction else {}
        return ProjectorNetwork(self._projectors(widths), **decoders)

    def _start(self, train: Items) -> None:
        smallest = min(len(batch) for batch in self._batches(len(train)))
        if smallest <= self.dim:
            raise BadInput(
                f"Deep CCA needs more images in a batch than codes have columns; got {smallest} images and "
                f"dim {self.dim}. Lower dim, or raise batch_size."
            )
        if self.start_from_cca:
            begin_as_cca(self.network_, train, self.dim)

    def _loss(self, batch: Batch) -> Tensor:
        codes = self._codes(self.network_, batch.rows)
        # A share of what can be reached, so that one learning rate suits every width.
        loss = -total_correlation(codes[0], codes[1], self.ridge) / self.dim
        if self.reconstruction == 0.0:
            return loss
        for i, (projector, view, code) in enumerate(zip(self.network_.views(), batch.rows, codes, strict=True)):
            rebuilt = self.network_.others[f"decoder{i}"](code)
            loss = loss + self.reconstruction * F.mse_loss(rebuilt, projector.standardise(view))
        return loss

    @torch.no_grad()
    def _score(self, network: ProjectorNetwork, train: Items, held: Items | None) -> float | None:
        if held is None:
            return None
        image, text = self._codes(network, train.first_rows())
        cca = self._new_cca().fit(image.cpu().numpy(), text.cpu().numpy())
        found = self._codes(network, held.first_rows())
        mapped = (torch.from_numpy(cca._project(code.cpu().numpy(), view)) for view, code in enumerate(found))
        return mean_reciprocal_rank(tuple(mapped), None)

    @torch.no_grad()
    def _finish(self, train: Items) -> None:
        image, text = self._codes(self.network_, train.views)
        self.cca_ = self._new_cca().fit(image.cpu().numpy(), text.cpu().numpy(), owner=owners_of(train, 1))

    def _new_cca(self) -> CCA:
        return CCA(None, self.ridge, self.ridge, self.power)

    def projection(self, view: int) -> nn.Module:
        """Return the map of a view as a network."""
        self._check_fitted()
        return Chain(super().projection(view), self.cca_.projection(view).to(self.device))

    def _tensors(self) -> dict[str, Tensor]:
        return super()._tensors() | {_CCA + name: tensor for name, tensor in self.cca_._tensors().items()}

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        super()._restore({name: tensor for name, tensor in tensors.items() if not name.startswith(_CCA)})
        self.cca_ = self._new_cca()
        self.cca_.widths_ = (self.dim, self.dim)
        self.cca_._restore({n.removeprefix(_CCA): tensor for n, tensor in tensors.items() if n.startswith(_CCA)})
