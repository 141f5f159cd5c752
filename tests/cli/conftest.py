"""The command line on a fake engine."""

from collections.abc import Callable

import pytest
from click.testing import CliRunner, Result

from mmsearch.cli.main import cli
from tests.cli.fakes import FakeEngine

Run = Callable[..., Result]


@pytest.fixture
def engine() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def run(engine: FakeEngine, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Return what runs `mmsearch` with these arguments on the fake engine."""
    for name in ("COLLECTION", "ENCODER", "HOME"):
        monkeypatch.delenv(f"MMSEARCH_{name}", raising=False)

    def invoke(*args: str, stdin: str | None = None, env: dict[str, str] | None = None) -> Result:
        return CliRunner().invoke(cli, args, obj=lambda: engine, input=stdin, env=env, prog_name="mmsearch")

    return invoke
