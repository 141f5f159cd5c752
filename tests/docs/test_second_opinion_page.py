"""docs/second-opinion.md states what was measured. `pytest --regenerate-golden` writes its figures anew."""

from pathlib import Path

from benchmarks.opinion_table import rows
from benchmarks.pretraining_table import as_lines
from tests.conftest import GoldenCheck
from tests.docs import figures
from tests.docs.blocks import with_block

PAGE = Path(__file__).resolve().parents[2] / "docs" / "second-opinion.md"


def test_how_often_maps_point_right_is_what_was_measured(same_as_golden: GoldenCheck) -> None:
    page = PAGE.read_text(encoding="utf-8")

    same_as_golden(PAGE, with_block(page, "pointing", figures.pointing()))


def test_the_table_is_what_the_benchmark_found(same_as_golden: GoldenCheck) -> None:
    page, measured = PAGE.read_text(encoding="utf-8"), figures.result("second-opinion")
    assert measured is not None
    table = "\n".join(["", "```", *as_lines(list(rows(measured["parts"]))), "```", "", ""])

    same_as_golden(PAGE, with_block(page, "measured", table))


def test_how_opinions_are_joined_is_what_was_measured(same_as_golden: GoldenCheck) -> None:
    page = PAGE.read_text(encoding="utf-8")

    same_as_golden(PAGE, with_block(page, "fusion", figures.fusion()))
