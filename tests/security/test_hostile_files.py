"""A small run over hostile and mutated files; `python -m benchmarks.hostile` is the large one."""

import time

import pytest

from benchmarks.hostile import account, file_states
from benchmarks.hostile_files import make_files
from mmsearch.engine import Engine, Settings
from mmsearch.engine.samples import Samples
from tests.encoders.fakes import KeywordEncoder


@pytest.fixture
def engine(tmp_path):
    samples = Samples(tmp_path / "no-data", tmp_path / "no-pack.npz")
    with Engine(Settings(home=tmp_path / "home"), samples, lambda name: KeywordEncoder()) as engine:
        yield engine


@pytest.mark.parametrize("seed", [1, 2])
def test_of_hostile_files_none_is_lost_and_none_hangs(engine, tmp_path, seed):
    made = make_files(tmp_path / "files", 60, seed, good=10)
    start = time.monotonic()

    report = engine.index(tmp_path / "files", collection="hostile")

    result = account(made, report, file_states(tmp_path / "home"))
    assert (result["state"], result["lost"], result["good ones lost"], result["unknown reasons"]) == (
        "done",
        [],
        [],
        [],
    )
    assert result["hostile indexed"] + result["hostile skipped"] == len(made.hostile)
    assert time.monotonic() - start < 60


def test_the_same_seed_makes_the_same_files(tmp_path):
    first, second = (make_files(tmp_path / name, 60, 3, good=2) for name in ("a", "b"))

    assert first == second
    assert all(
        (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
        for name in (*first.good, *first.hostile, *first.words)
    )
