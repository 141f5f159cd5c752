import subprocess
import sys

import pytest

from mmsearch.cli.main import COMMANDS, cli
from tests.cli.conftest import Run

HEAVY = ("torch", "sqlalchemy", "gradio", "transformers", "PIL", "faiss")


@pytest.mark.parametrize("args", [["--help"], ["search", "--help"], ["index", "--help"], ["eval", "--help"]])
def test_help_loads_no_heavy_library(args: list[str]) -> None:
    code = f"""
import sys
from mmsearch.cli.main import cli
try:
    cli({args!r})
except SystemExit:
    pass
print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
"""

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert "Examples:" in done.stdout
    assert done.stderr.strip() == "[]"


def test_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "mmsearch", "--help"], capture_output=True, text=True, check=True)

    assert done.stdout.startswith("Usage: mmsearch ")


def test_every_help_ends_with_examples_of_its_own(run: Run) -> None:
    for name in COMMANDS:
        text = run(name, "--help").output
        _, _, examples = text.partition("Examples:\n")

        assert examples.strip(), name
        assert all(line.strip().startswith(f"mmsearch {name}") for line in examples.strip().splitlines()), name


def test_every_option_has_an_environment_twin(run: Run) -> None:
    context = cli.make_context("mmsearch", ["info"], resilient_parsing=True)
    for name in COMMANDS:
        command = cli.get_command(context, name)
        options = [param for param in command.params if param.param_type_name == "option"]
        text = " ".join(run(name, "--help").output.split())

        assert text.count("env var:") == len(options), name
        assert text.count("MMSEARCH_") >= len(options), name


def test_an_environment_twin_stands_in_for_its_option(run: Run, engine) -> None:
    run("search", "dog", env={"MMSEARCH_SEARCH_K": "2"})

    assert engine.calls[0]["k"] == 2


def test_our_errors_end_with_1_and_their_message_on_stderr(run: Run) -> None:
    done = run("search", "dog", "--collection", "libary")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert done.stderr == "Error: No collection is called 'libary'. Did you mean library?\n"


@pytest.mark.parametrize("args", [["search"], ["search", "dog", "-k", "0"], ["find"], ["index"], ["eval"]])
def test_usage_errors_end_with_2(run: Run, args: list[str]) -> None:
    assert run(*args).exit_code == 2


def test_names_in_usage_errors_are_printable(run: Run) -> None:
    done = run("search", "dog", "-k", "\x1b[31m")

    assert "\x1b" not in done.output
    assert r"\x1b[31m" in done.output


def test_the_engine_is_closed_whatever_happens(run: Run, engine) -> None:
    run("search", "dog", "--collection", "none")

    assert engine.closed


def test_an_interrupt_ends_with_130(run: Run, engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*args, **kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr(engine, "search", interrupted)

    done = run("search", "dog")

    assert done.exit_code == 130
    assert done.stderr.strip() == "Stopped."


def test_a_reader_that_leaves_is_no_error() -> None:
    code = """
from mmsearch.cli.main import cli
from tests.cli.fakes import FakeEngine, ITEMS
cli(["search", "a dog on the beach", "-k", "100000"], obj=lambda: FakeEngine(items=ITEMS * 5000))
"""

    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        first = process.stdout.readline()
        process.stdout.close()
        diagnostics = process.stderr.read().decode()

    assert first == b"    1   1.000  /photos/dog.jpg  \xe2\x80\x94 a dog on the beach\n"
    assert "Traceback" not in diagnostics
    assert "Broken" not in diagnostics
