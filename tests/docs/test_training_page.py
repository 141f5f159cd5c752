"""docs/training.md tells what the bundled models reach. `pytest --regenerate-golden` writes its table anew."""

from pathlib import Path

from benchmarks.pretraining_table import as_lines, rows
from tests.conftest import GoldenCheck
from tests.docs import figures
from tests.docs.blocks import with_block

PAGE = Path(__file__).resolve().parents[2] / "docs" / "training.md"


def table() -> str:
    """Return all that was measured of the bundled encoder and re-ranker, beside the goals."""
    measured = figures.result("pretraining")
    assert measured is not None
    lines = as_lines(list(rows({name: part["found"] for name, part in measured["parts"].items()})))
    return "\n".join(["", "```", *lines, "```", "", ""])


def test_the_table_is_what_the_benchmark_found(same_as_golden: GoldenCheck) -> None:
    page = PAGE.read_text(encoding="utf-8")

    same_as_golden(PAGE, with_block(page, "pretraining", table()))


def test_ablations_are_those_that_were_run(same_as_golden: GoldenCheck) -> None:
    page = PAGE.read_text(encoding="utf-8")

    same_as_golden(PAGE, with_block(page, "ablations", figures.ablations()))
