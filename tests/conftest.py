"""What every test may ask for."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mmsearch.encoders.threads import let_waiting_threads_sleep

let_waiting_threads_sleep()  # before any test imports torch

GoldenCheck = Callable[[Path, str], None]


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--regenerate-golden", action="store_true", help="write the golden files anew instead of comparing with them"
    )


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
