import subprocess
import sys
import threading
import time
from threading import Event

import numpy as np
import pytest

from mmsearch.errors import SourceError, VectorIndexError
from mmsearch.indexing import VectorPack
from mmsearch.indexing.progress import Meter
from mmsearch.indexing.read_ahead import read_ahead


class TestReadAhead:
    def test_keeps_the_order(self):
        def slow_if_even(i):
            time.sleep(0.01 * (i % 2 == 0))
            return i

        assert list(read_ahead(slow_if_even, range(20), threads=4, ahead=5)) == list(range(20))

    def test_reads_no_further_ahead_than_it_may(self):
        begun = []
        results = read_ahead(lambda i: begun.append(i) or i, range(100), threads=1, ahead=3)

        next(results)
        results.close()

        assert len(begun) <= 5

    def test_passes_an_error_on(self):
        def fail(i):
            raise ValueError(i)

        with pytest.raises(ValueError, match="0"):
            list(read_ahead(fail, range(3), threads=2, ahead=2))

    def test_leaves_a_call_that_hangs_to_itself_and_goes_on(self):
        release = Event()

        def hang_at_some(i):
            if i in {2, 3, 7}:
                release.wait()
            return i

        results = list(read_ahead(hang_at_some, range(10), threads=2, ahead=3, patience=0.05, give_up=lambda i: -i))
        release.set()

        assert results == [0, 1, -2, -3, 4, 5, 6, -7, 8, 9]

    def test_ends_the_run_when_too_much_hangs(self):
        release = Event()
        results = read_ahead(
            lambda i: release.wait(), range(100), threads=2, ahead=3, patience=0.01, give_up=lambda i: False
        )

        with pytest.raises(SourceError, match="16 files could not be read in time"):
            list(results)
        release.set()

    def test_a_call_that_hangs_does_not_keep_the_process_from_ending(self):
        code = (
            "from threading import Event; from mmsearch.indexing.read_ahead import read_ahead;"
            "print(*read_ahead(lambda i: Event().wait(), [1], threads=1, ahead=1, patience=.05, give_up=str))"
        )

        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)

        assert done.stdout.strip() == "1"

    def test_threads_end_with_the_iterator(self):
        before = threading.active_count()

        list(read_ahead(str, range(5), threads=4, ahead=2))

        assert threading.active_count() == before


class TestMeter:
    def test_tells_rate_and_time_left(self, monkeypatch):
        now, told = [100.0], []
        monkeypatch.setattr("mmsearch.indexing.progress.time.monotonic", lambda: now[0])
        meter = Meter(told.append)

        meter.start("pictures", 100)
        for _ in range(4):
            now[0] += 1
            meter.step(5)

        assert (told[0].done, told[0].rate, told[0].seconds_left) == (0, 0.0, None)
        assert (told[-1].done, told[-1].rate, told[-1].seconds_left) == (20, 5.0, 16.0)

    def test_follows_a_change_of_pace(self, monkeypatch):
        now, told = [0.0], []
        monkeypatch.setattr("mmsearch.indexing.progress.time.monotonic", lambda: now[0])
        meter = Meter(told.append)
        meter.start("texts", 10_000)
        for rate in (100, 1):
            for _ in range(20):
                now[0] += 1
                meter.step(rate)

        assert told[-1].rate == pytest.approx(1.0)

    def test_does_not_chatter(self, monkeypatch):
        told = []
        monkeypatch.setattr("mmsearch.indexing.progress.time.monotonic", lambda: 5.0)
        meter = Meter(told.append)
        meter.start("texts", 1000)
        for _ in range(1000):
            meter.step()

        assert [one.done for one in told] == [0, 1000]


class TestVectorPack:
    def test_gives_back_what_was_saved(self, tmp_path):
        vector = np.array([0.5, 0.25], np.float32)
        VectorPack("f1", {"h1": vector}, {"一只猫": vector}).save(tmp_path / "p.npz")

        pack = VectorPack.load(tmp_path / "p.npz")

        assert pack.fingerprint == "f1"
        assert {key: value.tolist() for key, value in pack.pictures.items()} == {"h1": [0.5, 0.25]}
        assert list(pack.texts) == ["一只猫"]

    @pytest.mark.parametrize("content", [None, b"", b"nonsense"])
    def test_refuses_anything_else(self, tmp_path, content):
        path = tmp_path / "p.npz"
        if content is not None:
            path.write_bytes(content)

        with pytest.raises(VectorIndexError, match="Cannot read the vector pack"):
            VectorPack.load(path)
