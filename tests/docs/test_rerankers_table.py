"""docs/second-opinion.md lists the re-rankers as they are. `pytest --regenerate-golden` writes its table anew."""

from pathlib import Path

from mmsearch.rerankers.presets import RERANKERS
from mmsearch.types import Modality
from tests.conftest import GoldenCheck
from tests.docs.blocks import with_block

PAGE = Path(__file__).resolve().parents[2] / "docs" / "second-opinion.md"


def table() -> str:
    """Return the re-rankers as a Markdown table."""
    rows = ["| name | reads | good at | languages | MB | licence | from |", "|---|---|---|---|--:|---|---|"]
    for name, spec in RERANKERS.items():
        where = "comes with mmsearch" if spec.hub_id is None else f"`{spec.hub_id}`"
        reads = "pictures" if spec.reads is Modality.IMAGE else "captions"
        languages = ", ".join(spec.languages)
        rows.append(
            f"| `{name}` | {reads} | {spec.good_at} | {languages} | {spec.size_mb:,} | {spec.licence} "
            f"| {spec.source}; {where} |"
        )
    return "\n" + "\n".join(rows) + "\n\n"


def test_the_table_is_what_the_registry_says(same_as_golden: GoldenCheck) -> None:
    page = PAGE.read_text(encoding="utf-8")

    same_as_golden(PAGE, with_block(page, "rerankers", table()))
