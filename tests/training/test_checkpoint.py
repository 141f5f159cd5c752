"""A pretraining that is killed, runs out of disk or meets a loss that is no number goes on from its last checkpoint."""

import errno
import json
import signal
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from mmsearch.encoders.threads import threads
from mmsearch.errors import TrainingError
from mmsearch.nets.matcher_network import MatcherNetwork, MatcherShape
from mmsearch.training import checkpoint
from mmsearch.training.checkpoint import train_epochs
from mmsearch.training.objectives import ObjectiveSettings
from mmsearch.training.pretrain_loop import PretrainLoop, PretrainSettings
from tests.nets.tiny import tiny_network
from tests.training.tiny_matcher import Squares, tiny_matcher

SETTINGS = PretrainSettings(
    epochs=3,
    steps=4,
    frozen_layers=1,
    warm_up=2,
    new_rate=0.01,
    objectives=ObjectiveSettings(cache=16, hardening=2, read=1.0),
)
# Says the epochs that are done, and waits in the middle of the second one until it is killed.
PROGRAM = """
import sys, time
from pathlib import Path
import torch
from mmsearch.training.checkpoint import train_epochs
from mmsearch.training.pretrain_loop import PretrainLoop
from tests.training.test_checkpoint import SETTINGS
from tests.training.tiny_matcher import Squares, tiny_matcher

class Waiting(Squares):
    def batch(self, step):
        if step == 6:
            print("waiting", flush=True)
            time.sleep(600)
        return super().batch(step)

torch.set_num_threads(1)
loop = PretrainLoop(tiny_matcher(), [Waiting()], SETTINGS)
train_epochs(loop, Path(sys.argv[1]), True, lambda done, loss: print(done, flush=True))
"""


def train(folder, source=None, settings=SETTINGS, network=None):
    loop = PretrainLoop(network or tiny_matcher(), [source or Squares()], settings)
    return train_epochs(loop, folder, True, lambda *_: None)


def log(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text(encoding="utf8").splitlines()]


def curve(folder):
    return [line["loss"] for line in log(folder)]


class Broken(Squares):
    """Fails in a step of the second epoch, as `harm` says."""

    def __init__(self, harm):
        super().__init__()
        self.harm = harm

    def batch(self, step):
        if step == 6:
            self.harm()
        return super().batch(step)


def finish(folder):
    """Train to the end, on one thread like the process that is killed; return the epochs told of and the weights."""
    loop, told = PretrainLoop(tiny_matcher(), [Squares()], SETTINGS), []
    with threads(1, torch.get_num_threads()):
        train_epochs(loop, folder, True, lambda done, _: told.append(done))
    return told, list(loop.export().parameters())


@pytest.mark.slow
def test_a_run_killed_in_the_middle_of_an_epoch_ends_with_the_same_curve_and_weights(tmp_path):
    killed, whole = tmp_path / "killed", tmp_path / "whole"
    killed.mkdir()
    whole.mkdir()
    with subprocess.Popen([sys.executable, "-c", PROGRAM, killed], stdout=subprocess.PIPE, text=True) as process:
        seen = [process.stdout.readline().strip() for _ in range(3)]
        process.send_signal(signal.SIGKILL)
    assert (process.returncode, seen) == (-signal.SIGKILL, ["0", "1", "waiting"])

    (resumed, weights), (all_of_it, expected) = finish(killed), finish(whole)

    assert (resumed, all_of_it) == ([1, 2, 3], [0, 1, 2, 3])
    assert curve(killed) == pytest.approx(curve(whole), abs=1e-5)
    assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(weights, expected, strict=True))


def test_a_loss_that_is_no_number_keeps_the_last_checkpoint_and_the_run_can_go_on(tmp_path):
    network = tiny_matcher()

    def spoil():
        with torch.no_grad():
            network.decision[0].bias[0] = torch.nan

    with pytest.raises(TrainingError, match=r"became nan in step 7.*last checkpoint is kept; lower the learning rates"):
        train(tmp_path, Broken(spoil), network=network)

    kept = curve(tmp_path)
    assert len(kept) == 1
    assert train(tmp_path)[:1] == pytest.approx(kept, abs=1e-6)
    assert len(curve(tmp_path)) == 3


def test_a_full_disk_is_told_keeps_the_last_checkpoint_and_leaves_no_half_file_in_its_place(tmp_path, monkeypatch):
    honest, calls = torch.save, []

    def full_at_the_second(saved, path):
        calls.append(path)
        if len(calls) < 2:
            return honest(saved, path)
        path.write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(checkpoint.torch, "save", full_at_the_second)
    with pytest.raises(TrainingError, match=r"No space left.*Free some space.*same command"):
        train(tmp_path)
    monkeypatch.undo()

    assert len(curve(tmp_path)) == 1
    assert len(train(tmp_path)) == 3


@pytest.mark.parametrize("wrong", ["width", "frozen_layers"])
def test_a_checkpoint_of_another_shape_is_refused_and_stays(tmp_path, wrong):
    train(tmp_path, settings=replace(SETTINGS, epochs=1))
    before = (tmp_path / "checkpoint.pt").read_bytes()
    wider = MatcherNetwork(tiny_network(), MatcherShape(start=1, layers=1, width=16, grid=2))
    changed = {"network": wider} if wrong == "width" else {"settings": replace(SETTINGS, frozen_layers=2)}

    with pytest.raises(TrainingError, match=r"(another shape|frozen_layers 1 instead of 2).*--fresh"):
        train(tmp_path, **changed)

    assert (tmp_path / "checkpoint.pt").read_bytes() == before
