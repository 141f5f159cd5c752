import io

import pytest

from mmsearch.cli.progress import ProgressLine, progress_text
from mmsearch.types import Progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def at(done: int, phase: str = "pictures") -> Progress:
    return Progress(phase, done, 100, 0, 50.0, 2.0)


def test_says_what_is_done_how_fast_and_how_long_still() -> None:
    progress = Progress("pictures", 1200, 4800, 3, 58.06, 62.4)

    assert progress_text(progress) == "pictures  1,200/4,800 (25 %)  58.1/s  1:02 left  3 skipped"


def test_claims_nothing_that_is_not_known() -> None:
    assert progress_text(Progress("scan", 17, 0, 0, 0.0, None)) == "scan  17"


def test_a_log_gets_a_line_for_each_phase_and_then_sparse_ones() -> None:
    log, clock = io.StringIO(), Clock()
    show = ProgressLine(log, clock)

    for second in range(31):
        clock.now = float(second)
        show(at(second))
    show(at(1, "texts"))
    show.close()

    shown = [line.split("  ")[:2] for line in log.getvalue().splitlines()]
    assert shown == [
        ["pictures", "0/100 (0 %)"],
        ["pictures", "10/100 (10 %)"],
        ["pictures", "20/100 (20 %)"],
        ["pictures", "30/100 (30 %)"],
        ["texts", "1/100 (1 %)"],
    ]
    assert "\x1b" not in log.getvalue()
    assert "\r" not in log.getvalue()


def test_a_terminal_gets_one_line_drawn_over() -> None:
    terminal, clock = Terminal(), Clock()
    show = ProgressLine(terminal, clock)

    show(at(1))
    show(at(2))  # too soon
    clock.now = 0.2
    show(at(100))
    show.close()

    drawn = terminal.getvalue().split("\r")[1:]
    assert [line.split("  ")[1] for line in drawn] == ["1/100 (1 %)", "100/100 (100 %)"]
    assert terminal.getvalue().count("\n") == 1


def test_a_narrow_terminal_gets_a_line_that_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    terminal = Terminal()

    ProgressLine(terminal)(at(1))

    assert terminal.getvalue() == "\rpictures  1/100 (1 \x1b[K"


def test_a_phase_with_nothing_to_do_is_not_mentioned() -> None:
    log = io.StringIO()

    ProgressLine(log)(Progress("texts", 0, 0, 0, 0.0, None))

    assert log.getvalue() == ""
