import pytest

import mmsearch.ui
from tests.cli.conftest import Run
from tests.cli.fakes import FakeEngine

Served = list[dict[str, object]]


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Served:
    """Put an app in the place of the real one that returns at once; return what it was started with."""
    calls: Served = []

    def serve(engine: FakeEngine, **how: object) -> None:
        if how["port"] == 1:
            raise OSError("Port 1 is taken\n.")
        calls.append({"engine": engine, **how})

    monkeypatch.setattr(mmsearch.ui, "serve", serve)
    return calls


def test_serves_the_engine_of_the_settings(run: Run, engine: FakeEngine, served: Served) -> None:
    done = run("serve")

    assert done.exit_code == 0
    assert served == [{"engine": engine, "host": None, "port": None, "open_browser": True}]


def test_listens_where_it_is_told_and_opens_no_browser(run: Run, engine: FakeEngine, served: Served) -> None:
    run("serve", "--host", "::", "--port", "8080", "--no-browser")

    assert served == [{"engine": engine, "host": "::", "port": 8080, "open_browser": False}]


def test_a_taken_port_ends_with_1_and_a_message(run: Run, served: Served) -> None:
    done = run("serve", "--port", "1")

    assert done.exit_code == 1
    assert done.stderr == "Error: Port 1 is taken\\n.\n"
