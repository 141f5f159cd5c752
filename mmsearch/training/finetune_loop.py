"""The loop that fine-tunes a dual encoder on captioned pictures, by contrast alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mmsearch.encoders.trainable import TrainableEncoder
from mmsearch.errors import TrainingError
from mmsearch.losses.contrastive import contrastive_loss, same_pairs
from mmsearch.nets.descending import average_in
from mmsearch.training.batches import text_id
from mmsearch.training.captions import CaptionedPicture
from mmsearch.training.folders import open_reduced
from mmsearch.training.masters import Masters, quick_attention
from mmsearch.training.views import VIEWS

METHODS = ("full", "heads", "lora")
SCALES = (10.0, 14.0, 20.0, 30.0, 40.0, 60.0, 80.0, 100.0)  # one over the temperature, CLIP's being 100
_ADAPTER = ".lora_"


@dataclass(frozen=True)
class FinetuneSettings:
    """How to fine-tune."""

    method: str = "full"  # one of `METHODS`: docs/finetuning.md describes them
    epochs: int = 0  # 0 for as many as suit the number of pictures
    batch: int = 32  # pictures
    tower_rate: float = 1e-5  # learning rate of the towers, after the warm-up
    head_rate: float = 1e-4  # of what leads from the towers to the common space
    adapter_rate: float = 3e-4  # of low-rank adapters
    rank: int = 8  # of these
    weight_decay: float = 0.02
    warm_up: float = 0.1  # share of all steps
    clip: float = 1.0  # largest length of the gradient
    smoothing: float = 0.1  # of the targets of contrast
    average: float = 0.98  # of the old weights in each step of the running average, which is what is kept
    held_out: float = 0.2  # share of the pictures that is measured on instead of learnt from
    seed: int = 0


def chosen_weights(encoder: TrainableEncoder, settings: FinetuneSettings) -> list[tuple[float, list[str]]]:
    """Return the learning rate and the names of the weights that a method trains; tables of words are not trained.

    Args:
        encoder: With its adapters, if the method wants some.
        settings: How.

    Raises:
        TrainingError: If there are none.
    """
    network, heads = encoder.network, tuple(f"{name}." for name in encoder.heads())
    tables = tuple(f"{name}." for name, module in network.named_modules() if isinstance(module, nn.Embedding))
    groups: dict[float, list[str]] = {}
    for name, _ in network.named_parameters():
        if heads and name.startswith(heads):
            groups.setdefault(settings.head_rate, []).append(name)
        elif settings.method == "lora" and _ADAPTER in name:
            groups.setdefault(settings.adapter_rate, []).append(name)
        elif settings.method == "full" and not (tables and name.startswith(tables)):
            groups.setdefault(settings.tower_rate, []).append(name)
    if not any(groups.values()):
        raise TrainingError(
            f"The method {settings.method} finds nothing to train in this encoder; choose full or lora."
        )
    return list(groups.items())


class FinetuneLoop:
    """Trains epoch by epoch; its state can be saved between epochs.

    Everything random in a step follows from the seed and the number of the step, so a run that was stopped and
    restored goes on exactly as it would have.

    Args:
        encoder: In float32, with its adapters if the method wants some; it is set to run as fast as it can.
        pictures: To learn from, at least two.
        settings: How.
        material: Says what is trained on what; a checkpoint of something else is refused.
    """

    may_change: frozenset[str] = frozenset()

    def __init__(
        self, encoder: TrainableEncoder, pictures: Sequence[CaptionedPicture], settings: FinetuneSettings, material: str
    ) -> None:
        self.encoder, self.pictures, self.settings, self.material = encoder, pictures, settings, material
        self.epoch = self.step = 0
        groups, weights = chosen_weights(encoder, settings), dict(encoder.network.named_parameters())
        self.names = [name for _, names in groups for name in names]
        encoder.network.requires_grad_(False)
        for name in self.names:
            weights[name].requires_grad_(True)
        self._masters = Masters([weights[name] for name in self.names])  # exact, since nothing runs faster yet
        encoder.speed_up()
        copies = dict(zip(self.names, self._masters.copies, strict=True))
        self._optimiser = torch.optim.AdamW(
            [{"params": [copies[name] for name in names], "peak": rate} for rate, names in groups],
            weight_decay=settings.weight_decay,
        )
        self._average = [copy.detach().clone() for copy in self._masters.copies]
        self.scale = self._fitted_scale()

    def _places(self) -> int:
        """Return the number of steps of an epoch."""
        return max(1, round(len(self.pictures) / self.settings.batch))

    def _batches(self, epoch: int) -> Iterator[tuple[list[int], Random]]:
        """Yield rows of pictures, and what draws their views and captions."""
        order = np.random.default_rng([self.settings.seed, epoch]).permutation(len(self.pictures))
        for place, rows in enumerate(np.array_split(order, self._places())):
            yield rows.tolist(), Random(f"{self.settings.seed} {epoch} {place}")  # noqa: S311 -- a lot, not a secret

    def _vectors(self, rows: Sequence[int], random: Random) -> tuple[Tensor, Tensor, Tensor]:
        """Return the vectors of one caption of each language of some pictures, and of the pictures beside them.

        Returns:
            Pictures (T, D), captions (T, D) and, as `same_pairs` gives it, which of them are no negatives (T, T).
        """
        views = list(VIEWS.values())
        images = [
            random.choice(views)(open_reduced(self.pictures[row].path, self.encoder.side), random) for row in rows
        ]
        told = [
            (place, random.choice(texts))
            for place, row in enumerate(rows)
            for texts in self.pictures[row].texts.values()
            if texts
        ]
        device = self.encoder.device
        owner = torch.tensor([place for place, _ in told], device=device)  # (T,)
        same = same_pairs(owner, torch.tensor([text_id(text) for _, text in told], device=device))
        return self.encoder.encode_images(images)[owner], self.encoder.encode_texts([text for _, text in told]), same

    @torch.no_grad()
    def _fitted_scale(self) -> float:
        """Return what cosines are multiplied by: encoders spread them differently, so the one that fits a batch best.

        It stays as it is: a few pictures learnt by heart would make it ever larger.
        """
        image, text, same = self._vectors(*next(self._batches(0)))
        losses = [contrastive_loss(image, text, scale, same).item() for scale in SCALES]
        return SCALES[losses.index(min(losses))]

    def _rate(self) -> float:
        """Return the learning rates of this step as a share of their peaks: up, then evenly down to zero."""
        steps = self.settings.epochs * self._places()
        warm = max(1.0, self.settings.warm_up * steps)
        return min((self.step + 1) / warm, (steps - self.step) / max(1.0, steps - warm), 1.0)

    def run_epoch(self) -> float:
        """Train one epoch and return its mean loss in nats.

        Raises:
            TrainingError: If the loss is not finite, or a picture can no longer be read.
        """
        losses = [self._learn(rows, random) for rows, random in self._batches(self.epoch)]
        self.epoch += 1
        return sum(losses) / len(losses)

    def _learn(self, rows: Sequence[int], random: Random) -> float:
        with quick_attention(self.encoder.device):
            image, text, same = self._vectors(rows, random)
            loss = contrastive_loss(image, text, self.scale, same, self.settings.smoothing)
        if not loss.isfinite():
            raise TrainingError(
                f"The loss became {loss.item()} in step {self.step + 1}. The last checkpoint is kept; lower "
                "tower_rate, head_rate and adapter_rate in the config and start again with --fresh."
            )
        with quick_attention(self.encoder.device):
            torch.autograd.backward(loss)
        self._masters.take_gradients()
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * self._rate()
        nn.utils.clip_grad_norm_(self._masters.copies, self.settings.clip)
        self._optimiser.step()
        self._masters.give_back()
        self.step += 1
        average_in(self._average, self._masters.copies, self.settings.average, self.step)
        return loss.item()

    def averaged(self) -> dict[str, Tensor]:
        """Return the running average of the trained weights, by name, in float32."""
        return dict(zip(self.names, self._average, strict=True))

    def parts(self) -> dict[str, float]:
        """Return nothing: the loss is of one piece."""
        return {}

    def state(self) -> dict[str, Any]:
        """Return everything that `restore` needs; the tensors are the live ones, so write them before going on."""
        return {
            "material": self.material,
            "epoch": self.epoch,
            "step": self.step,
            "scale": self.scale,
            "weights": [copy.detach() for copy in self._masters.copies],
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned.

        Raises:
            TrainingError: If it belongs to another encoder or other pictures.
        """
        shapes = [tuple(each.shape) for each in state.get("weights", ())]
        if shapes != [tuple(copy.shape) for copy in self._masters.copies]:
            raise TrainingError("The checkpoint is of an encoder of another shape.")
        if state["material"] != self.material:
            raise TrainingError("The checkpoint was made from another encoder, or from other pictures or captions.")
        with torch.no_grad():
            for mine, saved in zip(
                [*self._masters.copies, *self._average], [*state["weights"], *state["average"]], strict=True
            ):
                mine.copy_(saved)
        self._optimiser.load_state_dict(state["optimiser"])
        self._masters.give_back()
        self.epoch, self.step, self.scale = state["epoch"], state["step"], state["scale"]
