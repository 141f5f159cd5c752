import json
import os
import signal
import subprocess
import sys
import threading
import time

from mmsearch.types import Skip
from tests.cli.conftest import Run
from tests.cli.fakes import HOSTILE

SKIPS = (
    Skip("zero.jpg", "the file is empty"),
    Skip("cut.jpg", "truncated"),
    Skip(HOSTILE, "truncated"),
)


def test_reports_what_was_skipped_and_why_and_ends_well(run: Run, engine) -> None:
    engine.skips = SKIPS

    done = run("index", "/photos")

    assert done.exit_code == 0
    assert "    2 × truncated: such as cut.jpg\n    1 × the file is empty: such as zero.jpg\n" in done.stdout


def test_verbose_lists_every_skip_on_a_line_of_its_own(run: Run, engine) -> None:
    engine.skips = SKIPS

    done = run("index", "/photos", "--verbose")

    assert done.stdout.splitlines()[-3:] == [
        "    zero.jpg: the file is empty",
        "    cut.jpg: truncated",
        r'    x"\n\x1b[31m<script>.jpg: truncated',
    ]


def test_progress_goes_to_stderr(run: Run) -> None:
    done = run("index", "/photos")

    assert done.stderr.splitlines() == ["scan  4", "pictures  2/4 (50 %)  58.1/s  1:05 left  1 skipped"]


def test_json_is_one_report_per_source(run: Run, engine) -> None:
    engine.skips = SKIPS

    done = run("index", "/photos", "notes.csv", "--json")

    reports = [json.loads(line) for line in done.stdout.splitlines()]
    assert [report["source"] for report in reports] == ["/photos", "notes.csv"]
    assert reports[0]["skips"][2] == {"path": HOSTILE, "reason": "truncated"}


def test_a_missing_source_does_not_keep_the_others_waiting(run: Run, engine) -> None:
    done = run("index", "missing", "/photos")

    assert done.exit_code == 1
    assert "Error: There is no folder or file missing." in done.stderr
    assert "/photos → library" in done.stdout


def test_patterns_reach_the_engine(run: Run, engine) -> None:
    run("index", "/photos", "--include", "*.jpg", "--include", "*.png", "--exclude", "old/*")

    assert engine.calls == [{"source": "/photos", "include": ("*.jpg", "*.png"), "exclude": ("old/*",)}]


def test_the_first_interrupt_cancels_says_how_to_go_on_and_ends_with_130(run: Run, engine) -> None:
    def interrupt(cancel: threading.Event) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        assert cancel.wait(5)

    engine.on_index = interrupt
    before = signal.getsignal(signal.SIGINT)

    done = run("index", "/photos", "/other")

    assert done.exit_code == 130
    assert "run the same command again" in done.stderr
    assert "(cancelled)" in done.stdout
    assert len(engine.calls) == 1
    assert signal.getsignal(signal.SIGINT) is before


def test_the_second_interrupt_stops_at_once(run: Run, engine) -> None:
    def stuck(cancel: threading.Event) -> None:
        for _ in range(2):
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.05)
        raise AssertionError("went on")

    engine.on_index = stuck

    assert run("index", "/photos").exit_code == 130


def test_an_interrupt_in_a_real_process_ends_with_130() -> None:
    code = """
from mmsearch.cli.main import cli
from tests.cli.fakes import FakeEngine
def wait(cancel):
    print("ready", flush=True)
    assert cancel.wait(20)
cli(["index", "/photos"], obj=lambda: FakeEngine(on_index=wait))
"""
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    process.stdout.readline()

    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=30)

    assert process.returncode == 130
    assert "run the same command again" in stderr
    assert "Traceback" not in stderr
