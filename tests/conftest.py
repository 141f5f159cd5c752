"""What every test may ask for."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from mmsearch.encoders.threads import let_waiting_threads_sleep

let_waiting_threads_sleep()  # before any test imports torch

BROWSER = "tests/browser/"
GoldenCheck = Callable[[Path, str], None]


def pytest_configure() -> None:
    if "PYTEST_XDIST_WORKER" in os.environ:  # the cores are shared among processes already
        import torch

        torch.set_num_threads(1)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate-golden", action="store_true", help="write the golden files anew instead of comparing with them"
    )


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Leave to one process what several are slower or in each other's way at: one file of tests, golden files."""
    one_file = len(config.args) == 1 and ".py" in config.args[0]
    return 0 if one_file or config.getoption("--regenerate-golden") else None  # None: a process for each core


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the files that take longest, so that no process goes on long after the others."""
    long = {item.path for item in items if item.get_closest_marker("browser") or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)


class ByFile(LoadFileScheduling):
    """Gives a process the tests of a file, and all that share the app and its browser."""

    def _split_scope(self, nodeid: str) -> str:
        return BROWSER if nodeid.startswith(BROWSER) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile:
    return ByFile(config, log)


@pytest.fixture
def same_as_golden(request: pytest.FixtureRequest) -> GoldenCheck:
    """Return a check that a file holds exactly this text; with --regenerate-golden it is written."""

    def check(path: Path, text: str) -> None:
        if request.config.getoption("--regenerate-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
        assert path.is_file(), f"{path} is missing: run pytest with --regenerate-golden and read what it wrote"
        assert text == path.read_text(encoding="utf-8"), f"{path} is out of date: --regenerate-golden writes it anew"

    return check
