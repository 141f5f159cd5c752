"""docs/second-opinion.md states what was measured. `pytest --regenerate-golden` writes its figures anew."""

from pathlib import Path

from tests.conftest import GoldenCheck
from tests.docs import figures
from tests.docs.blocks import with_block

PAGE = Path(__file__).resolve().parents[2] / "docs" / "second-opinion.md"


def test_how_often_maps_point_right_is_what_was_measured(same_as_golden: GoldenCheck) -> None:
    page = PAGE.read_text(encoding="utf-8")

    same_as_golden(PAGE, with_block(page, "pointing", figures.pointing()))
