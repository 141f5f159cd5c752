"""The loop that all learners with a network share."""

import math
from collections.abc import Callable, Iterable, Sequence
from copy import deepcopy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from mmsearch.alignment.base import FitProgress, Report
from mmsearch.errors import TrainingError
from mmsearch.nets.descending import average_in, warm_then_cosine
from mmsearch.nets.projectors import ProjectorNetwork

WARM_UP = 0.05  # share of all steps


@dataclass(frozen=True, slots=True)
class Schedule:
    """How long to descend, and when to stop.

    Args:
        epochs: At most.
        average: Of the old weights in each step of the running average, which is what is kept.
        patience: Epochs without a better score after which to stop.
    """

    epochs: int
    average: float
    patience: int


def optimiser(parts: Iterable[nn.Module | nn.Parameter], rate: float, decay: float) -> Optimizer:
    """Return AdamW over all parameters of the parts; only matrices decay."""
    found = [p for part in parts for p in (part.parameters() if isinstance(part, nn.Module) else [part])]
    groups = [
        {"params": [p for p in found if p.ndim > 1], "weight_decay": decay, "peak": rate},
        {"params": [p for p in found if p.ndim <= 1], "weight_decay": 0.0, "peak": rate},
    ]
    return torch.optim.AdamW(groups, lr=rate)


class Descent:
    """Trains a network and remembers the averaged weights that scored best.

    Args:
        network: Trained in place; at the end it holds the best averaged weights.
        optimisers: Of disjoint parts of the network; all step together.
        schedule: When to stop.
        steps: Batches an epoch.
    """

    def __init__(
        self, network: ProjectorNetwork, optimisers: Sequence[Optimizer], schedule: Schedule, steps: int
    ) -> None:
        self.network, self.optimisers, self.schedule = network, optimisers, schedule
        self.averaged = deepcopy(network).requires_grad_(False).eval()
        self._steps, self._step = steps * schedule.epochs, 0

    def run(
        self,
        losses: Callable[[], Iterable[Tensor]],
        score: Callable[[ProjectorNetwork], float | None],
        progress: Report | None,
    ) -> int:
        """Descend until the last epoch or until nothing gets better.

        Args:
            losses: Gives the loss of each batch of an epoch, each computed with the weights of that moment.
            score: How good a network is on held-out items, higher is better; None where nothing is held out.
            progress: Called after each epoch.

        Returns:
            The epoch, from 1, whose weights are kept.

        Raises:
            TrainingError: If a loss is not finite.
        """
        best, best_epoch, kept = -math.inf, 0, self.averaged.state_dict()
        for epoch in range(1, self.schedule.epochs + 1):
            self.network.train()
            seen = [self._descend(loss, epoch) for loss in losses()]
            now = score(self.averaged)
            if now is None or now > best:
                best, best_epoch = now if now is not None else -math.inf, epoch
                kept = {name: tensor.clone() for name, tensor in self.averaged.state_dict().items()}
            if progress is not None:
                progress(FitProgress(epoch, self.schedule.epochs, sum(seen) / len(seen), now))
            if epoch - best_epoch >= self.schedule.patience:
                break
        self.network.load_state_dict(kept)
        self.network.requires_grad_(False).eval()
        return best_epoch

    def _descend(self, loss: Tensor, epoch: int) -> float:
        if not loss.isfinite():
            raise TrainingError(f"The loss became {loss.item()} in epoch {epoch}; lower learning_rate and fit again.")
        rate = warm_then_cosine((self._step + 1) / self._steps, WARM_UP)
        for each in self.optimisers:
            for group in each.param_groups:
                group["lr"] = rate * group["peak"]
            each.zero_grad()
        torch.autograd.backward(loss)
        for each in self.optimisers:
            each.step()
        self._step += 1
        average_in(self.averaged.parameters(), self.network.parameters(), self.schedule.average, self._step)
        return loss.item()
