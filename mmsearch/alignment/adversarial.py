"""Alignment against a discriminator of modalities."""

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows
from torch.optim import Optimizer

from mmsearch.alignment.checks import check_between, check_one_of
from mmsearch.alignment.contrast import LOSSES, Contrast, refuse_without_labels
from mmsearch.alignment.descent import optimiser
from mmsearch.alignment.items import Batch, Items
from mmsearch.alignment.torch_learner import TorchAligner
from mmsearch.losses.adversarial import gradient_penalty, modality_loss, reverse_gradient, wasserstein_gap
from mmsearch.nets.projectors import ProjectorNetwork, perceptron

ADVERSARIES = ("discriminator", "wasserstein")
PENALTY = 10.0  # of the critic's slope (WGAN-GP, arXiv:1704.00028)
JUDGE = 256  # width of the discriminator's hidden layer


class AdversarialAligner(TorchAligner):
    """Trains projectors so that pairs match and a discriminator cannot tell of which modality a code is.

    After ACMR (Wang et al., ACM Multimedia 2017): the term of pairs, or of classes, keeps what belongs together
    together, the adversary makes both clouds overlap. The discriminator sees both modalities and answers in logits;
    it descends by an optimiser of its own, and the projectors climb by its reversed gradient. The variant "wasserstein"
    has a critic with a gradient penalty instead.

    Args:
        dim: Columns of the shared space.
        hidden: Width of the residual of each projector; 0 for linear ones.
        dropout: Share of hidden values set to zero in training; of features it is half.
        adversary: "discriminator" or "wasserstein".
        adversary_weight: Of the reversed gradient; 0 for no adversary.
        adversary_rate: Learning rate of the adversary, in units of `learning_rate`.
        loss: Of pairs, "softmax" or "sigmoid".
        temperature: At the start; it is learnt.
        smoothing: Share of the target that is spread over all texts of a batch; for softmax.
        class_share: Share of the loss that draws items of one class together; used if `fit` is given labels.
        epochs: At most.
        batch_size: Images a step, at most; an epoch has three steps at least.
        learning_rate: At its peak.
        weight_decay: Of matrices.
        validation: Share of the images held out to tell when to stop; 0 to train to the end on all.
        patience: Epochs without a better score on them after which to stop.
        random_state: Seed.
        device: Where torch computes.
    """

    def __init__(
        self,
        dim: int = 512,
        hidden: int = 1024,
        dropout: float = 0.7,
        adversary: str = "discriminator",
        adversary_weight: float = 0.1,
        adversary_rate: float = 1.0,
        loss: str = "softmax",
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
        self.adversary = adversary
        self.adversary_weight = adversary_weight
        self.adversary_rate = adversary_rate
        self.loss = loss
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

    def _check_parameters(self) -> None:
        super()._check_parameters()
        check_one_of("adversary", self.adversary, ADVERSARIES)
        check_between("adversary_weight", self.adversary_weight, 0)
        check_between("adversary_rate", self.adversary_rate, 0)
        check_one_of("loss", self.loss, LOSSES)

    def _build(self, widths: tuple[int, ...]) -> ProjectorNetwork:
        contrast = Contrast(self.loss, self.temperature, self.smoothing)
        return ProjectorNetwork(self._projectors(widths), contrast=contrast, judge=perceptron(self.dim, JUDGE, 1))

    def _start(self, train: Items) -> None:
        refuse_without_labels(self.class_share, train)

    def _optimisers(self) -> list[Optimizer]:
        network, others = self.network_, self.network_.others
        return [
            optimiser([network.projectors, others["contrast"]], self.learning_rate, self.weight_decay),
            optimiser([others["judge"]], self.adversary_rate * self.learning_rate, self.weight_decay),
        ]

    def _loss(self, batch: Batch) -> Tensor:
        codes = self._codes(self.network_, batch.rows)
        pairs: Tensor = self.network_.others["contrast"](*codes, batch.labels, self.class_share)
        image, text = (F.normalize(code, dim=1) for code in codes)
        return pairs + self._adversary_loss(image, text)

    def _adversary_loss(self, image: Tensor, text: Tensor) -> Tensor:
        """Return what the adversary descends and, the gradient being reversed, the projectors climb."""
        turned = [reverse_gradient(codes, self.adversary_weight) for codes in (image, text)]
        seen, read = (self._judge(codes) for codes in turned)
        if self.adversary == "discriminator":
            return modality_loss(seen, read)
        mix = torch.rand(len(image), 1).to(image)
        return PENALTY * gradient_penalty(self._judge, image, text, mix) - wasserstein_gap(seen, read)

    def _judge(self, codes: Tensor) -> Tensor:
        """Return a logit or score for each code, (B,)."""
        scores: Tensor = self.network_.others["judge"](codes)
        return scores[:, 0]
