"""What all learners with a network share."""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mmsearch.alignment.base import Aligner, Report
from mmsearch.alignment.checks import Pairs, Rows, check_between, check_count
from mmsearch.alignment.descent import Descent, Schedule, optimiser
from mmsearch.alignment.held_out import mean_reciprocal_rank
from mmsearch.alignment.items import Batch, Items, batches
from mmsearch.errors import BadInput
from mmsearch.nets.dual_network import towers_dtype
from mmsearch.nets.projectors import Projector, ProjectorNetwork, perceptron

AVERAGE = 0.98  # of the old weights in each step of the running average
# Bounds of parameters, of those that a learner has.
BOUNDS = {
    "dropout": (0.0, 1.0),
    "validation": (0.0, 1.0),
    "class_share": (0.0, 1.0),
    "learning_rate": (0.0, math.inf),
    "weight_decay": (0.0, math.inf),
    "temperature": (1e-3, math.inf),
    "smoothing": (0.0, 0.99),
}
COUNTS = ("dim", "epochs", "batch_size", "patience")  # whole numbers of at least 1
COUNTS_FROM_ZERO = ("hidden", "random_state")


class TorchAligner(Aligner, ABC):
    """A learner that descends a loss; subclasses say which network and which loss.

    Their constructors take at least dim, hidden, dropout, epochs, batch_size, learning_rate, weight_decay,
    validation, patience, random_state and device.

    Attributes:
        network_: What was trained.
        best_epoch_: Whose weights were kept, from 1.
    """

    network_: ProjectorNetwork
    best_epoch_: int
    least_batches = 3  # an epoch; with fewer, small data would be left after too few steps

    dim: int
    hidden: int
    dropout: float
    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    validation: float
    patience: int
    random_state: int
    device: str

    def _check_parameters(self) -> None:
        given = self.get_params()
        for name in COUNTS:
            check_count(name, given[name])
        for name in COUNTS_FROM_ZERO:
            check_count(name, given[name], 0)
        for name, (low, high) in BOUNDS.items():
            if name in given:
                check_between(name, given[name], low, high)
        try:
            torch.empty(0, device=self.device)
        except (RuntimeError, AssertionError) as error:
            raise BadInput(f"device is {self.device!r}, which cannot be used: {error}") from error

    def _learn(self, pairs: Pairs, progress: Report | None) -> None:
        self._learn_items(Items.of_pairs(pairs, self.device), progress)

    def _learn_items(self, items: Items, progress: Report | None) -> None:
        devices = [torch.device(self.device)] if torch.device(self.device).type == "cuda" else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(self.random_state)
            train, held = items.split(self.validation)
            train = self._with_more(train)
            self.network_ = self._build(tuple(view.shape[1] for view in items.views)).to(self.device)
            for projector, view in zip(self.network_.views(), train.views, strict=True):
                projector.set_standard(view)
            self._start(train)
            steps = len(self._batches(len(train)))
            schedule = Schedule(self.epochs, AVERAGE, self.patience)
            descent = Descent(self.network_, self._optimisers(), schedule, steps)
            self.best_epoch_ = descent.run(
                lambda: self._losses(train), lambda network: self._score(network, train, held), progress
            )
            self._finish(train)

    def _batches(self, count: int) -> tuple[Tensor, ...]:
        return batches(count, min(self.batch_size, -(-count // self.least_batches)))

    def _losses(self, train: Items) -> Iterator[Tensor]:
        """Give the loss of each batch of an epoch."""
        self._begin_epoch(train)
        for items in self._batches(len(train)):
            yield self._loss(train.batch(items))

    @torch.no_grad()
    def _score(self, network: ProjectorNetwork, train: Items, held: Items | None) -> float | None:
        """Say how well held-out items find each other; None if there are none."""
        if held is None:
            return None
        return mean_reciprocal_rank(self._codes(network, held.first_rows()), held.labels)

    def _codes(self, network: ProjectorNetwork, rows: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        """Return codes in float32, computed in the type that this device is fast in."""
        device = torch.device(self.device)
        dtype = towers_dtype(device)
        with torch.autocast(device.type, torch.bfloat16, enabled=dtype == torch.bfloat16):
            found = tuple(projector(view) for projector, view in zip(network.views(), rows, strict=True))
        return tuple(codes.float() for codes in found)

    def _optimisers(self) -> list[Optimizer]:
        return [optimiser([self.network_], self.learning_rate, self.weight_decay)]

    @torch.no_grad()
    def _project(self, rows: Rows, view: int) -> Rows:
        given = torch.from_numpy(rows).float().to(self.device)
        codes: Rows = self.projection(view)(given).cpu().numpy()
        return codes

    def projection(self, view: int) -> nn.Module:
        """Return the map of a view as a network."""
        return self.network_.views()[view]

    def _tensors(self) -> dict[str, Tensor]:
        return {name: tensor.cpu().contiguous() for name, tensor in self.network_.state_dict().items()}

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        network = self._build(self.widths_)
        network.load_state_dict(dict(tensors))
        self.network_ = network.to(self.device).requires_grad_(False).eval()

    def _projectors(self, widths: tuple[int, ...]) -> list[Projector]:
        return [Projector(width, self.dim, self.hidden, self.dropout) for width in widths]

    def _decoders(self, widths: tuple[int, ...]) -> dict[str, nn.Module]:
        """Return a network for each view that rebuilds its standardised features from a code, by name."""
        inside = [self.hidden] if self.hidden else []
        return {f"decoder{i}": perceptron(self.dim, *inside, width) for i, width in enumerate(widths)}

    @abstractmethod
    def _build(self, widths: tuple[int, ...]) -> ProjectorNetwork:
        """Return the network, with weights drawn by torch's global generator."""

    @abstractmethod
    def _loss(self, batch: Batch) -> Tensor:
        """Return the loss of a batch."""

    def _with_more(self, train: Items) -> Items:
        """Add to what is trained on but never held out; nothing here."""
        return train

    def _start(self, train: Items) -> None:
        """Prepare the network before the descent; nothing here."""

    def _begin_epoch(self, train: Items) -> None:
        """Prepare an epoch; nothing here."""

    def _finish(self, train: Items) -> None:
        """Learn what follows the descent; nothing here."""
