"""What only shows between processes: kills, and one process that sees what another does."""

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmsearch.engine import Engine
from tests.encoders.fakes import COLOURS
from tests.engine.conftest import load_fake
from tests.pictures import save_many

INDEX = """
import sys, time
from pathlib import Path
from mmsearch.engine import Engine, Settings
from mmsearch.engine.samples import Samples
from tests.encoders.fakes import KeywordEncoder

FINGERPRINTS = {"bundled": "0123456789abcdef", "other": "feedfeedfeedfeed"}

class SlowEncoder(KeywordEncoder):
    def _encode_images(self, images):
        print("batch", flush=True)
        time.sleep(0.02)
        return super()._encode_images(images)

    def _encode_texts(self, texts):
        print("batch", flush=True)
        time.sleep(0.02)
        return super()._encode_texts(texts)

home, folder = map(Path, sys.argv[1:])
nothing = Samples(home / "none", home / "none")
with Engine(Settings(home=home), nothing, lambda name: SlowEncoder(name, FINGERPRINTS[name])) as engine:
    print("ready", flush=True)
    report = engine.index(folder) if folder.is_dir() else engine.build("library", folder.name)
    print(report.state, report.unchanged, flush=True)
"""
ROOT = Path(__file__).parents[2]


def start_indexing(home: Path, folder: Path) -> subprocess.Popen:
    """Index a folder in another process; where there is none of that name, build the encoder called so."""
    process = subprocess.Popen(
        [sys.executable, "-c", INDEX, str(home), str(folder)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "ready\n"
    return process


def kill(process: subprocess.Popen, chance: random.Random) -> None:
    """Kill it at a random moment after it began some batches: on a busy machine, time alone may let it do nothing."""
    for _ in range(chance.randint(1, 4)):
        process.stdout.readline()
    time.sleep(chance.uniform(0, 0.05))
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def check_whole(engine: Engine, count: int) -> None:
    """Every picture and caption is there once, and each picture is found by its colour."""
    (info,) = engine.collections()
    assert (info.pictures, info.texts) == (count, count)
    assert info.vectors == {"bundled": (count, count)}
    for colour in COLOURS:
        hits = engine.search(colour, k=count).hits
        found = [hit.item.path.name for hit in hits if hit.score > 0.9]
        assert len(found) == len(set(found)) == count // len(COLOURS)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_ten_kills_at_random_moments_lose_and_double_nothing(settings, no_samples, folder):
    count = 600
    for i, path in enumerate(save_many(folder, count)):
        path.with_suffix(".txt").write_text(f"caption {i}")
    chance = random.Random(7)

    for _ in range(10):
        kill(start_indexing(settings.home, folder), chance)
    last = start_indexing(settings.home, folder)
    told, _ = last.communicate()

    *_, state, unchanged = told.split()
    assert state == "done"
    assert int(unchanged) > 0
    with Engine(settings, no_samples, load_fake) as engine:
        check_whole(engine, count)
        assert {run.state for run in engine.runs(limit=50)} <= {"done", "interrupted"}


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_a_build_killed_again_and_again_comes_to_its_end(settings, no_samples, folder):
    save_many(folder, 300)
    chance = random.Random(3)
    with Engine(settings, no_samples, load_fake) as engine:
        engine.index(folder)
        for _ in range(4):
            process = start_indexing(settings.home, Path("other"))
            assert len(engine.search("red", k=1)) == 1
            kill(process, chance)

        report = engine.build("library", "other")

        (info,) = engine.collections()
        assert info.vectors == {"bundled": (300, 0), "other": (300, 0)}
        assert report.state == "done"
        assert len({hit.item.id for hit in engine.search("red", k=300, encoder="other")}) == 300


def test_a_second_process_sees_new_pictures_without_a_restart(settings, no_samples, folder):
    save_many(folder, 6)
    with Engine(settings, no_samples, load_fake) as engine:
        engine.index(folder)
        assert len(engine.search("red", k=100)) == 6
        save_many(folder, 120)

        process = start_indexing(settings.home, folder)
        seen = {len(engine.search("red", k=200))}
        while process.poll() is None:
            seen.add(len(engine.search("red", k=200)))
        process.communicate()

        assert len(engine.search("red", k=200)) == 120
        assert len(seen) > 2  # some of it while the other process was still at work
