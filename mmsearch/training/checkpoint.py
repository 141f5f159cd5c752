"""Runs the epochs so that a stopped run goes on as if nothing had happened."""

import json
import pickle
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar, Protocol

import torch

from mmsearch.errors import TrainingError
from mmsearch.training.curves import LOG, can_draw, draw_curves
from mmsearch.training.features import replace_file, writing

CHECKPOINT = "checkpoint.pt"


class LoopSettings(Protocol):
    """A dataclass that says how to train."""

    __dataclass_fields__: ClassVar[dict[str, Any]]

    @property
    def epochs(self) -> int:
        """How many to run in all."""
        ...


class EpochLoop(Protocol):
    """Trains epoch by epoch and can be saved in between."""

    epoch: int  # how many are done
    may_change: frozenset[str]  # settings that a run may be continued with other values of

    @property
    def settings(self) -> LoopSettings:
        """How it trains."""
        ...

    def run_epoch(self) -> float:
        """Train one epoch and return its mean loss in nats."""
        ...

    def parts(self) -> dict[str, float]:
        """Return what the loss of the last epoch is made of, by name; nothing if it is of one piece."""
        ...

    def state(self) -> dict[str, Any]:
        """Return everything that `restore` needs."""
        ...

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        ...


def _read(path: Path, loop: EpochLoop) -> list[float]:
    """Restore the loop and return the losses so far.

    Raises:
        TrainingError: If the checkpoint is damaged or of another run.
    """
    other = f"Give another output folder, or start over with --fresh, which replaces {path}."
    try:
        saved: dict[str, Any] = torch.load(path, weights_only=True)
        settings, state, losses = saved["settings"], saved["state"], saved["losses"]
    except (RuntimeError, EOFError, KeyError, pickle.UnpicklingError) as error:
        raise TrainingError(f"The checkpoint {path} is damaged: {error}. {other}") from error
    changed = [
        key for key, value in asdict(loop.settings).items() if settings.get(key) != value and key not in loop.may_change
    ]
    if changed:
        told = ", ".join(f"{key} {settings.get(key)} instead of {getattr(loop.settings, key)}" for key in changed)
        raise TrainingError(f"The checkpoint {path} was made with {told}. {other}")
    try:
        loop.restore(state)
    except TrainingError as error:
        raise TrainingError(f"{error} {other}") from error
    return [float(loss) for loss in losses]


def _write(path: Path, loop: EpochLoop, losses: list[float]) -> None:
    saved = {"settings": asdict(loop.settings), "state": loop.state(), "losses": losses}

    def save(part: Path) -> None:
        try:
            torch.save(saved, part)
        except RuntimeError as error:  # torch's writer reports a full disk so
            raise OSError(str(error)) from error

    replace_file(path, save)


def _log(path: Path, losses: list[float], seconds: float, parts: dict[str, float]) -> None:
    """Write one JSON object an epoch; lines of epochs that a kill undid go."""
    known = path.read_text(encoding="utf8").splitlines()[: len(losses) - 1] if path.exists() else []
    told = {"epoch": len(losses), "loss": losses[-1], "seconds": seconds} | parts
    line = json.dumps({key: value if isinstance(value, int) else round(value, 6) for key, value in told.items()})
    replace_file(path, lambda part: _lines(part, [*known, line]))


def _lines(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


def logged_seconds(folder: Path) -> float:
    """Return how long the epochs took in all, those of earlier calls included."""
    lines = (folder / LOG).read_text(encoding="utf8").splitlines()
    return float(sum(json.loads(line)["seconds"] for line in lines))


def run_epochs_along(loop: EpochLoop, folder: Path, resume: bool) -> None:
    """Run the epochs that are left beside a process that does the same by `train_epochs`, and write nothing."""
    if resume and (folder / CHECKPOINT).exists():
        _read(folder / CHECKPOINT, loop)
    while loop.epoch < loop.settings.epochs:
        loop.run_epoch()


def train_epochs(loop: EpochLoop, folder: Path, resume: bool, tell: Callable[[int, float | None], None]) -> list[float]:
    """Run the epochs that are left, with a checkpoint, a line of the log and new curves after each.

    Args:
        loop: Fresh.
        folder: For `checkpoint.pt`, `log.jsonl` and, where matplotlib is installed, `curves.png`.
        resume: Go on from the checkpoint if there is one.
        tell: Called with the number of epochs done and the last loss.

    Returns:
        The loss of every epoch, those of earlier calls included.

    Raises:
        TrainingError: If the loss is not finite, the checkpoint does not fit or cannot be written.
    """
    path = folder / CHECKPOINT
    losses = _read(path, loop) if resume and path.exists() else []
    tell(len(losses), losses[-1] if losses else None)
    drawing = can_draw()
    while loop.epoch < loop.settings.epochs:
        began = time.monotonic()
        losses.append(loop.run_epoch())
        _write(path, loop, losses)
        with writing(folder / LOG):
            _log(folder / LOG, losses, time.monotonic() - began, loop.parts())
        if drawing:
            draw_curves(folder)
        tell(len(losses), losses[-1])
    return losses
