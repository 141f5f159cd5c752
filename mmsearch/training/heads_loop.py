"""The loop that trains two heads on cached features."""

import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmsearch.errors import TrainingError
from mmsearch.losses.contrastive import contrastive_loss, same_pairs
from mmsearch.nets.descending import average_in, warm_then_cosine
from mmsearch.nets.dual_network import towers_dtype
from mmsearch.nets.heads import Head


@dataclass(frozen=True)
class LoopSettings:
    """How to train the heads."""

    epochs: int = 25  # in one epoch every picture meets one caption of each of its languages
    batch: int = 1000  # pairs
    learning_rate: float = 1e-3  # at its peak, after the warm-up
    weight_decay: float = 0.1
    warm_up: float = 0.05  # share of all steps
    smoothing: float = 0.1  # of the labels
    temperature: float = 0.05  # at the start; it is learnt
    average: float = 0.99  # of the old weights in each step of the running average, which is what is exported
    seed: int = 0


@dataclass(frozen=True)
class PairFeatures:
    """Features of pictures and of the texts that describe them.

    Args:
        images: (views, P, 1280), standardised; an epoch draws one view of each picture.
        texts: (T, 384), standardised.
        owner: (T,), the picture that each text describes.
        group: (T,), texts of one group and owner take turns: a language.
        same_text: (T,), equal where the texts are the same.
    """

    images: Tensor
    texts: Tensor
    owner: Tensor
    group: Tensor
    same_text: Tensor


class Heads(nn.Module):
    """What is trained: both heads and the temperature."""

    def __init__(self, image: Head, text: Head, temperature: float) -> None:
        super().__init__()
        self.image, self.text = image, text
        self.log_scale = nn.Parameter(torch.tensor(math.log(1 / temperature)))


def draw_epoch(pairs: PairFeatures, generator: torch.Generator) -> Tensor:
    """Return the texts of one epoch in random order, (n,): one for every picture and group."""
    shuffled = torch.randperm(len(pairs.owner), generator=generator)
    key = pairs.owner[shuffled] * (int(pairs.group.max()) + 1) + pairs.group[shuffled]
    _, first = np.unique(key.numpy(), return_index=True)
    chosen = shuffled[torch.from_numpy(first)]
    return chosen[torch.randperm(len(chosen), generator=generator)]


class HeadsLoop:
    """Trains heads on cached features, epoch by epoch; its state can be saved between epochs.

    Everything random in an epoch follows from the seed and the number of the epoch, so a run that was
    stopped and restored goes on exactly as it would have.
    """

    may_change: frozenset[str] = frozenset()

    def __init__(self, heads: Heads, pairs: PairFeatures, settings: LoopSettings) -> None:
        self.heads, self.pairs, self.settings = heads, pairs, settings
        self.averaged = deepcopy(heads).requires_grad_(False).eval()
        self.epoch = self.step = 0
        matrices = [p for p in heads.parameters() if p.ndim > 1]
        others = [p for p in heads.parameters() if p.ndim <= 1]
        groups = [{"params": matrices, "weight_decay": settings.weight_decay}, {"params": others, "weight_decay": 0.0}]
        self._optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate)
        self._steps = settings.epochs * len(list(self._batches(0)))

    def _batches(self, epoch: int) -> Iterator[Tensor]:
        generator = torch.Generator().manual_seed(self.settings.seed * 10_007 + epoch)
        return iter(torch.split(draw_epoch(self.pairs, generator), self.settings.batch))

    def _rate(self) -> float:
        """Return the learning rate of this step: a linear warm-up, then a cosine to zero."""
        share = warm_then_cosine((self.step + 1) / self._steps, self.settings.warm_up)
        return self.settings.learning_rate * share

    def _loss(self, texts: Tensor) -> Tensor:
        owners = self.pairs.owner[texts]
        views = torch.randint(len(self.pairs.images), (len(owners),))
        dtype = towers_dtype(torch.device("cpu"))
        with torch.autocast("cpu", torch.bfloat16, enabled=dtype == torch.bfloat16):
            image = self.heads.image.project(self.pairs.images[views, owners])
            text = self.heads.text.project(self.pairs.texts[texts])
        image, text = image.float(), text.float()
        same = same_pairs(owners, self.pairs.same_text[texts])
        return contrastive_loss(image, text, self.heads.log_scale.exp(), same, self.settings.smoothing)

    def _step(self, texts: Tensor) -> float:
        for group in self._optimiser.param_groups:
            group["lr"] = self._rate()
        loss = self._loss(texts)
        if not loss.isfinite():
            raise TrainingError(
                f"The loss became {loss.item()} in epoch {self.epoch + 1}. The last checkpoint is kept; "
                "lower learning_rate or raise temperature in the config and start again."
            )
        self._optimiser.zero_grad()
        torch.autograd.backward(loss)
        self._optimiser.step()
        self.step += 1
        average_in(self.averaged.parameters(), self.heads.parameters(), self.settings.average, self.step)
        return loss.item()

    def run_epoch(self) -> float:
        """Train one epoch and return its mean loss in nats.

        Raises:
            TrainingError: If the loss is not finite.
        """
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(self.settings.seed * 10_007 + self.epoch)
            self.heads.train()
            losses = [self._step(texts) for texts in self._batches(self.epoch)]
        self.epoch += 1
        return sum(losses) / len(losses)

    def parts(self) -> dict[str, float]:
        """Return nothing: the loss is of one piece."""
        return {}

    def state(self) -> dict[str, Any]:
        """Return everything that `restore` needs; the tensors are the live ones, so write them before going on."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "heads": self.heads.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self._optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned.

        Raises:
            TrainingError: If it belongs to heads of another shape.
        """
        try:
            self.heads.load_state_dict(state["heads"])
            self.averaged.load_state_dict(state["averaged"])
        except (RuntimeError, KeyError) as error:
            raise TrainingError(f"The checkpoint is of another shape than the config: {error}") from error
        self._optimiser.load_state_dict(state["optimiser"])
        self.epoch, self.step = state["epoch"], state["step"]
