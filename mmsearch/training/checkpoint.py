"""Runs the epochs so that a stopped run goes on as if nothing had happened."""

import json
import pickle
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from mmsearch.errors import TrainingError
from mmsearch.training.features import replace_file, writing
from mmsearch.training.heads_loop import HeadsLoop

CHECKPOINT, LOG = "checkpoint.pt", "log.jsonl"


def _read(path: Path, loop: HeadsLoop) -> list[float]:
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
    changed = [key for key, value in asdict(loop.settings).items() if settings.get(key) != value]
    if changed:
        told = ", ".join(f"{key} {settings.get(key)} instead of {getattr(loop.settings, key)}" for key in changed)
        raise TrainingError(f"The checkpoint {path} was made with {told}. {other}")
    try:
        loop.restore(state)
    except TrainingError as error:
        raise TrainingError(f"{error} {other}") from error
    return [float(loss) for loss in losses]


def _write(path: Path, loop: HeadsLoop, losses: list[float]) -> None:
    saved = {"settings": asdict(loop.settings), "state": loop.state(), "losses": losses}

    def save(part: Path) -> None:
        try:
            torch.save(saved, part)
        except RuntimeError as error:  # torch's writer reports a full disk so
            raise OSError(str(error)) from error

    replace_file(path, save)


def _log(path: Path, losses: list[float], seconds: float) -> None:
    """Write one JSON object an epoch; lines of epochs that a kill undid go."""
    known = path.read_text(encoding="utf8").splitlines()[: len(losses) - 1] if path.exists() else []
    line = json.dumps({"epoch": len(losses), "loss": round(losses[-1], 6), "seconds": round(seconds, 2)})
    replace_file(path, lambda part: _lines(part, [*known, line]))


def _lines(path: Path, lines: list[str]) -> None:
    path.write_text("\n".join(lines) + "\n", encoding="utf8")


def logged_seconds(folder: Path) -> float:
    """Return how long the epochs took in all, those of earlier calls included."""
    lines = (folder / LOG).read_text(encoding="utf8").splitlines()
    return float(sum(json.loads(line)["seconds"] for line in lines))


def train_epochs(loop: HeadsLoop, folder: Path, resume: bool, tell: Callable[[int, float | None], None]) -> list[float]:
    """Run the epochs that are left, with a checkpoint and a line of the log after each.

    Args:
        loop: Fresh.
        folder: For `checkpoint.pt` and `log.jsonl`.
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
    while loop.epoch < loop.settings.epochs:
        began = time.monotonic()
        losses.append(loop.run_epoch())
        _write(path, loop, losses)
        with writing(folder / LOG):
            _log(folder / LOG, losses, time.monotonic() - began)
        tell(len(losses), losses[-1])
    return losses
