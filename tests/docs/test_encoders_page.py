"""docs/encoders.md lists the encoders as they are. `pytest --regenerate-golden` writes its table anew."""

from pathlib import Path

from mmsearch.encoders.presets import ENCODERS
from tests.conftest import GoldenCheck
from tests.docs.blocks import with_block

PAGE = Path(__file__).resolve().parents[2] / "docs" / "encoders.md"


def table() -> str:
    """Return the encoders as a Markdown table."""
    rows = ["| name | good at | languages | MB | numbers a vector | licence | from |", "|---|---|---|--:|--:|---|---|"]
    for name, spec in ENCODERS.items():
        where = " and ".join(f"`{hub_id}`" for hub_id in spec.hub_ids) or "comes with mmsearch"
        languages = ", ".join(spec.languages)
        rows.append(
            f"| `{name}` | {spec.good_at} | {languages} | {spec.size_mb:,} | {spec.dim} | {spec.licence} "
            f"| {spec.source}; {where} |"
        )
    return "\n" + "\n".join(rows) + "\n\n"


def test_the_table_is_what_the_registry_says(same_as_golden: GoldenCheck) -> None:
    page = PAGE.read_text(encoding="utf-8")

    same_as_golden(PAGE, with_block(page, "presets", table()))
