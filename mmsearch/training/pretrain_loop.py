"""The loop that pretrains a matcher and the towers below it."""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import asdict, dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from mmsearch.errors import TrainingError
from mmsearch.nets.efficientnet_lite import EfficientNetLite
from mmsearch.nets.matcher_network import MatcherNetwork
from mmsearch.training.batches import BatchSource
from mmsearch.training.contrast import PairCache
from mmsearch.training.heap import give_gaps_back
from mmsearch.training.masters import Masters
from mmsearch.training.memory import Memory, Remembered
from mmsearch.training.objectives import Objectives, ObjectiveSettings
from mmsearch.training.peers import ALONE, Peers

_AHEAD = 2  # steps whose batches are drawn while a GPU learns; a CPU that did both at once would do both slower


@dataclass(frozen=True)
class PretrainSettings:
    """How to pretrain."""

    epochs: int = 24
    steps: int = 100  # an epoch; a checkpoint is written after each
    accumulate: int = 1  # batches of each source whose gradients are summed for one step
    workers: int = 1  # processes that share these on a CPU
    image_rate: float = 1e-4  # learning rate of the picture tower, after the warm-up; a part whose rate is 0 is frozen
    text_rate: float = 5e-5  # of the text tower
    frozen_blocks: int = 0  # of the picture tower, the lowest ones and the stem; their large maps cost most
    frozen_layers: int = 8  # of the text tower, the lowest ones and the embeddings; they cost most and change least
    fusion_rate: float = 1e-4  # of the fusion layers that began as layers of the text tower
    head_rate: float = 5e-5  # of the heads; they begin trained, and faster steps undo that
    new_rate: float = 4e-4  # of all that began at random
    weight_decay: float = 0.02
    warm_up: int = 200  # steps
    cooling: float = 0.25  # share of all steps, the last ones, in which the rates fall to zero
    dropout: float = 0.4  # share of the heads' hidden values set to zero, and half of it of what they are given
    clip: float = 3.0  # largest length of the gradient
    temperature: float = 0.05  # of contrast at the start; it is learnt
    average: float = 0.998  # of the old weights in each step of the running average, which is what is exported
    start_share: float = 0.0  # of the weights that training began with in what is exported (arXiv:2109.01903)
    seed: int = 0
    objectives: ObjectiveSettings = field(default_factory=ObjectiveSettings)

    @property
    def trains_encoder(self) -> bool:
        """Whether any part of the encoder changes."""
        return max(self.image_rate, self.text_rate, self.head_rate) > 0

    @property
    def trains_matcher(self) -> bool:
        """Whether any part of the matcher changes."""
        return max(self.objectives.itm, self.objectives.mlm) > 0 and max(self.fusion_rate, self.new_rate) > 0


class PretrainLoop:
    """Trains epoch by epoch; its state can be saved between epochs.

    Everything random in a step follows from the seed and the number of the step, so a run that was stopped and
    restored goes on exactly as it would have.

    Args:
        network: Towers and fusion in the types that they run in.
        sources: Every step learns from batches of each, with one update of the weights.
        settings: How.
        peers: The processes that share the work; all begin with equal weights.
    """

    # The rates stay level until the end, wherever that is, and the share of the start matters only afterwards.
    may_change: frozenset[str] = frozenset({"epochs", "start_share"})

    def __init__(
        self,
        network: MatcherNetwork,
        sources: Sequence[BatchSource],
        settings: PretrainSettings,
        peers: Peers = ALONE,
    ) -> None:
        self.network, self.sources, self.settings, self.peers = network, sources, settings, peers
        if peers.count > 1 and settings.objectives.cache:
            raise TrainingError(
                f"{peers.count} workers cannot share the cache of negatives: set workers to 1 in [pretraining], or "
                "cache to 0 in [pretraining.objectives]."
            )
        self.epoch = self.step = 0
        device = network.word_bias.device
        self._log_scale = nn.Parameter(torch.tensor(math.log(1 / settings.temperature), device=device))
        self._generator = torch.Generator(device)
        self._caches = [PairCache(settings.objectives.cache, network.dual.shape.dim, device) for _ in sources]
        taught = settings.objectives.belief > 0 or settings.objectives.cache > 0
        self._teacher = deepcopy(network.dual).requires_grad_(False).eval() if taught else None
        self._objectives = Objectives(network, self._log_scale, settings.objectives, self._generator, self._teacher)
        for head in (network.dual.image_head, network.dual.text_head):
            head.dropout = settings.dropout if settings.head_rate else 0.0
        groups = _groups(network, settings)
        network.requires_grad_(False)
        if not groups:
            raise TrainingError("Every learning rate in the config is 0, so nothing would be learnt.")
        groups[-1][1].append(self._log_scale)
        for weight in (weight for _, weights in groups for weight in weights):
            weight.requires_grad_(True)
        self._masters = [Masters(weights) for _, weights in groups]
        self._optimiser = torch.optim.AdamW(
            [
                {"params": masters.copies, "peak": rate, "weight_decay": settings.weight_decay}
                for (rate, _), masters in zip(groups, self._masters, strict=True)
            ],
            betas=(0.9, 0.98),
            fused=True,
        )
        self._average = [copy.detach().clone() for copy in self._copies()]
        self._start = [mean.clone() for mean in self._average] if settings.start_share else []
        self._memory = Memory(network, sources)
        self._last: dict[str, float] = {}

    def _copies(self) -> list[nn.Parameter]:
        return [copy for masters in self._masters for copy in masters.copies]

    def _share(self) -> float:
        """Return the learning rate of this step as a share of its peak: up, level, and down at the end."""
        done, steps = self.step + 1, self.settings.epochs * self.settings.steps
        left = (steps - self.step) / max(1.0, self.settings.cooling * steps)
        return min(1.0, done / max(1, self.settings.warm_up), left)

    def run_epoch(self) -> float:
        """Train one epoch and return its mean loss in nats.

        Raises:
            TrainingError: If the loss is not finite.
        """
        self.network.train()
        totals: dict[str, float] = {}
        for drawn in self._drawn():
            for name, value in self._step(drawn).items():
                totals[name] = totals.get(name, 0.0) + value / self.settings.steps
        give_gaps_back()
        self._last = self.peers.totals(totals)
        self.epoch += 1
        return sum(self._last.values())

    def _drawn(self) -> Iterator[list[list[Remembered]]]:
        """Yield what each step of an epoch learns from: some batches of every source, drawn in threads of their own."""
        ahead = 0 if self._log_scale.device.type == "cpu" else _AHEAD
        waiting: deque[list[list[Future[Remembered]]]] = deque()
        parts, count = self.settings.accumulate, len(self.sources)
        with ThreadPoolExecutor(count) as pool:
            for step in range(self.step, self.step + self.settings.steps):
                numbers = self.peers.mine(range(step * parts, (step + 1) * parts))
                waiting.append([[pool.submit(self._memory.batch, i, each) for i in range(count)] for each in numbers])
                if len(waiting) > ahead:
                    yield [[drawn.result() for drawn in part] for part in waiting.popleft()]
            while waiting:
                yield [[drawn.result() for drawn in part] for part in waiting.popleft()]

    def _step(self, parts: Sequence[Sequence[Remembered]]) -> dict[str, float]:
        count = self.settings.accumulate
        totals: dict[str, float] = {}
        for at, part in zip(self.peers.mine(range(count)), parts, strict=True):
            number = self.settings.seed * 1_000_003 + self.step * count + at
            self._generator.manual_seed(number)
            torch.manual_seed(number)  # of dropout
            for name, value in self._learn(part).items():
                totals[name] = totals.get(name, 0.0) + value / count
        self._update()
        return totals

    def _learn(self, batches: Sequence[Remembered]) -> dict[str, float]:
        """Work out the gradients of one batch of each source; return the loss of each objective in nats."""
        weights = asdict(self.settings.objectives)
        found: dict[str, float] = {}
        for source, drawn, cache in zip(self.sources, batches, self._caches, strict=True):
            losses = self._objectives.losses(drawn.batch, cache, self.step, self._memory.perceived(drawn))
            total = torch.stack([weights[name] * loss for name, loss in losses.items()]).sum()
            if not total.isfinite():
                raise TrainingError(
                    f"The loss on {source.name} became {total.item()} in step {self.step + 1}. The last checkpoint is "
                    "kept; lower the learning rates in the config and start again."
                )
            torch.autograd.backward(total / (len(batches) * self.settings.accumulate))
            found |= {f"{source.name} {name}": loss.item() for name, loss in losses.items()}
        return found

    def _update(self) -> None:
        for masters in self._masters:
            masters.take_gradients()
        self.peers.add_up([copy.grad for copy in self._copies() if copy.grad is not None])
        for group in self._optimiser.param_groups:
            group["lr"] = group["peak"] * self._share()
        nn.utils.clip_grad_norm_(self._copies(), self.settings.clip)
        self._optimiser.step()
        for masters in self._masters:
            masters.give_back()
        self.step += 1
        keep = min(self.settings.average, self.step / (self.step + 10))
        with torch.no_grad():
            torch._foreach_lerp_(self._average, [copy.detach() for copy in self._copies()], 1 - keep)
        self._teach()

    def _teach(self) -> None:
        if self._teacher:
            self._give(self._average, self.network.dual, self._teacher)

    def _exported(self) -> list[Tensor]:
        """Return the running average, moved towards the start if that is asked for."""
        if not self._start:
            return self._average
        return [torch.lerp(*both, self.settings.start_share) for both in zip(self._average, self._start, strict=True)]

    @torch.no_grad()
    def _give(self, means: Sequence[Tensor], mine: nn.Module, theirs: nn.Module) -> None:
        """Write means of the trained weights of one module into a copy of it."""
        names = {id(weight): name for name, weight in mine.named_parameters()}
        named = dict(theirs.named_parameters())
        weights = [weight for masters in self._masters for weight in masters.weights]
        for weight, mean in zip(weights, means, strict=True):
            if id(weight) in names:
                named[names[id(weight)]].copy_(mean)

    @contextmanager
    def averaged(self) -> Iterator[MatcherNetwork]:
        """Lend the network with the averaged weights, ready for inference."""
        weights = [weight for masters in self._masters for weight in masters.weights]
        with torch.no_grad():
            for weight, mean in zip(weights, self._exported(), strict=True):
                weight.copy_(mean)
        try:
            yield self.network.eval()
        finally:
            for masters in self._masters:
                masters.give_back()

    def export(self) -> MatcherNetwork:
        """Return a copy of the network with the weights that are to be kept, towers and fusion in float32."""
        copy = deepcopy(self.network).float()
        self._give(self._exported(), self.network, copy)
        return copy.requires_grad_(False).eval()

    def parts(self) -> dict[str, float]:
        """Return the mean loss of each source and objective in the last epoch, in nats."""
        return dict(self._last)

    def state(self) -> dict[str, Any]:
        """Return everything that `restore` needs; the tensors are the live ones, so write them before going on."""
        return {
            "epoch": self.epoch,
            "step": self.step,
            "weights": [copy.detach() for copy in self._copies()],
            "average": self._average,
            "optimiser": self._optimiser.state_dict(),
            "caches": [cache.state() for cache in self._caches],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned.

        Raises:
            TrainingError: If it belongs to a network of another shape.
        """
        shapes = [tuple(each.shape) for each in state["weights"]]
        if shapes != [tuple(copy.shape) for copy in self._copies()] or len(state["caches"]) != len(self._caches):
            raise TrainingError("The checkpoint is of another shape than the config.")
        with torch.no_grad():
            for mine, saved in zip(
                [*self._copies(), *self._average], [*state["weights"], *state["average"]], strict=True
            ):
                mine.copy_(saved)
        peaks = [group["peak"] for group in self._optimiser.param_groups]
        self._optimiser.load_state_dict(state["optimiser"])
        for group, peak in zip(self._optimiser.param_groups, peaks, strict=True):
            group["peak"] = peak
        for masters in self._masters:
            masters.give_back()
        for cache, saved in zip(self._caches, state["caches"], strict=True):
            cache.restore(saved)
        self._teach()
        self.epoch, self.step = state["epoch"], state["step"]


def _upper(tower: EfficientNetLite, frozen: int) -> list[nn.Parameter]:
    """Return the weights of a picture tower above its lowest blocks, all of them if none is frozen."""
    if not frozen:
        return list(tower.parameters())
    return [*tower.blocks[frozen:].parameters(), *tower.head.parameters()]


def _groups(network: MatcherNetwork, settings: PretrainSettings) -> list[tuple[float, list[nn.Parameter]]]:
    """Return the learning rate and the weights of each part that has one; the table of words is not trained."""
    dual = network.dual
    heads = [*dual.image_head.parameters(), *dual.text_head.parameters()]
    new = [network.tokens, network.fusion.look, network.decision, network.word]
    groups = [
        (settings.image_rate, _upper(dual.image, settings.frozen_blocks)),
        (settings.text_rate, list(dual.text.encoder.layer[settings.frozen_layers :].parameters())),
        (settings.fusion_rate, list(network.fusion.layer.parameters())),
        (settings.head_rate, heads),
        (settings.new_rate, [*(p for part in new for p in part.parameters()), network.word_bias]),
    ]
    return [(rate, weights) for rate, weights in groups if rate > 0]
