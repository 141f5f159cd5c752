"""What an evaluation found, as a value, as text for people and as plain data for JSON."""

from dataclasses import asdict, dataclass

from mmsearch.evaluation.metrics import Metrics


@dataclass(frozen=True, slots=True)
class EvaluationReport:
    """How well texts find their pictures and pictures their texts."""

    text_to_image: Metrics
    image_to_text: Metrics
    pictures: int  # candidates of text→image, those without a text included
    texts: int
    encoder: str | None = None
    dataset: str | None = None
    language: str | None = None  # of the texts; None if all that there are


def as_dict(report: EvaluationReport) -> dict[str, object]:
    """Return the report as what JSON can hold; shares lie in 0…1, intervals are [low, high]."""
    plain: dict[str, object] = asdict(report)
    for direction in ("text_to_image", "image_to_text"):
        metrics: Metrics = getattr(report, direction)
        plain[direction] = {**asdict(metrics), "interval_at_10": list(metrics.interval_at_10)}
    return plain


def as_table(report: EvaluationReport) -> str:
    """Return the report as lines of plain text, shares in per cent; no line ends in a space or newline."""
    rows = [
        ("", "queries", "R@1", "R@5", "R@10", "95 % of R@10", "median rank", "MRR", "nDCG@10", "mAP@R"),
        ("text → image", *_cells(report.text_to_image)),
        ("image → text", *_cells(report.image_to_text)),
    ]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [
        "  ".join([row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))])
        for row in rows
    ]
    return "\n".join([_heading(report), *lines])


def _heading(report: EvaluationReport) -> str:
    """Say what was measured, such as `flickr8k dev, zh, encoder tiny: 1000 pictures, 5000 texts`."""
    encoder = f"encoder {report.encoder}" if report.encoder else None
    named = ", ".join(part for part in (report.dataset, report.language, encoder) if part)
    size = f"{report.pictures} picture{'s' * (report.pictures != 1)}, {report.texts} text{'s' * (report.texts != 1)}"
    return f"{named}: {size}" if named else size


def _cells(metrics: Metrics) -> tuple[str, ...]:
    low, high = metrics.interval_at_10
    recalls = (f"{100 * share:.1f}" for share in (metrics.recall_at_1, metrics.recall_at_5, metrics.recall_at_10))
    rest = (f"{100 * share:.1f}" for share in (metrics.mrr, metrics.ndcg_at_10, metrics.map_at_r))
    return (str(metrics.queries), *recalls, f"{100 * low:.1f}–{100 * high:.1f}", f"{metrics.median_rank:g}", *rest)
