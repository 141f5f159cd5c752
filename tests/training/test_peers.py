"""Processes that share the batches of each step."""

import os
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from mmsearch.errors import TrainingError
from mmsearch.training.objectives import ObjectiveSettings
from mmsearch.training.peers import ALONE, Peers, together
from mmsearch.training.pretrain_loop import PretrainLoop, PretrainSettings
from tests.training.tiny_matcher import Squares, tiny_matcher

SETTINGS = PretrainSettings(
    epochs=1, steps=3, accumulate=4, frozen_layers=1, warm_up=2, new_rate=0.01,
    objectives=ObjectiveSettings(read=1.0),
)  # fmt: skip


def trained(peers):
    loop = PretrainLoop(tiny_matcher(), [Squares()], SETTINGS, peers)
    loop.run_epoch()
    return loop


def sleep(told, peers):
    Path(told).write_text(str(os.getpid()))
    time.sleep(60)


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return "\nState:\tZ" not in Path(f"/proc/{process}/status").read_text()


def await_that(so, seconds=30):
    end = time.monotonic() + seconds
    while not so():
        assert time.monotonic() < end
        time.sleep(0.05)


def fail(message, peers):
    raise TrainingError(f"{message} {peers.rank}")


def test_each_sees_to_its_own():
    assert [list(Peers(rank, 2).mine(range(5))) for rank in range(2)] == [[0, 2, 4], [1, 3]]
    assert list(ALONE.mine(range(3))) == [0, 1, 2]


def test_two_processes_learn_what_one_does():
    alone = trained(ALONE)

    with together(2, trained) as peers:
        shared = trained(peers)

    assert shared.parts() == pytest.approx(alone.parts(), abs=1e-4)
    for a, b in zip(shared.export().parameters(), alone.export().parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-4)


def test_what_went_wrong_in_another_process_is_told():
    with pytest.raises(TrainingError, match="out of luck 1"), together(2, fail, "out of luck") as peers:
        trained(peers)


def test_no_process_outlives_the_one_that_started_it(tmp_path):
    script = tmp_path / "leader.py"
    script.write_text(
        "import sys, time\n"
        "from mmsearch.training.peers import together\n"
        "from tests.training.test_peers import sleep\n"
        "if __name__ == '__main__':\n"
        "    with together(2, sleep, sys.argv[1]):\n"
        "        time.sleep(60)\n"
    )
    told = tmp_path / "follower"
    leader = subprocess.Popen(
        [sys.executable, script, told], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    )
    await_that(lambda: told.exists() and told.read_text())

    leader.kill()
    leader.wait()

    await_that(lambda: not alive(int(told.read_text())))


def test_a_cache_of_its_own_in_every_process_is_refused():
    settings = replace(SETTINGS, objectives=replace(SETTINGS.objectives, cache=8))

    with pytest.raises(TrainingError, match="cache"):
        PretrainLoop(tiny_matcher(), [Squares()], settings, Peers(0, 2))
