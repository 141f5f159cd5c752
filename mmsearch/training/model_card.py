"""The model card, written from the config and from what was measured."""

import platform
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

from mmsearch.evaluation import EvaluationReport, Metrics

if TYPE_CHECKING:
    from mmsearch.training.captions import ClassSettings, DatasetSettings
    from mmsearch.training.config import TrainConfig
    from mmsearch.training.run import TrainReport

_TEXTS = Path(__file__).parent / "configs"


def _shares(metrics: Metrics) -> str:
    return " / ".join(f"{100 * x:.1f}" for x in (metrics.recall_at_1, metrics.recall_at_5, metrics.recall_at_10))


def recall_table(reports: Iterable[EvaluationReport]) -> str:
    """Return a Markdown table of recall at 1 / 5 / 10 in per cent, with the interval of R@10."""
    lines = [
        "| dev set | language | pictures | texts | text→image | 95 % of R@10 | image→text | 95 % of R@10 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for report in reports:
        cells = [report.dataset, report.language, report.pictures, report.texts]
        for metrics in (report.text_to_image, report.image_to_text):
            low, high = metrics.interval_at_10
            cells += [_shares(metrics), f"{100 * low:.1f}–{100 * high:.1f}"]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    return "\n".join(lines)


def machine() -> str:
    """Return what this machine is, without its name."""
    return f"{platform.machine()}, {platform.system()}, Python {platform.python_version()}"


def data_table(datasets: Iterable["DatasetSettings"], classes: "ClassSettings | None") -> str:
    """Return a Markdown table of what was trained on, its terms and its source."""
    rows = [(d.name, ", ".join(d.splits) or "all", d.licence, d.source) for d in datasets]
    if classes:
        rows.append(("class names", "all", classes.licence, classes.source))
    lines = ["| data | split | terms | source |", "|---|---|---|---|"]
    return "\n".join(lines + [f"| {' | '.join(row)} |" for row in rows])


def write_card(folder: Path, config: "TrainConfig", report: "TrainReport") -> None:
    """Write `README.md` and `NOTICE.md` into a model folder."""
    fields = {
        "name": config.name,
        "image": config.towers.image,
        "text": config.towers.text,
        "side": config.towers.side,
        "dim": config.heads.dim,
        "views": len(config.towers.views),
        "pieces": f"{config.vocabulary.pieces:,}",
        "epochs": report.epochs,
        "loss": f"{report.loss:.3f}",
        "minutes": f"{report.epoch_seconds / 60:.1f}",
        "machine": machine(),
        "date": datetime.now(UTC).date().isoformat(),
        "weights_mb": f"{report.weights_mb:.1f}",
        "data": data_table(config.datasets, config.classes),
        "recall": recall_table(report.recall),
        "recall_float32": recall_table(report.recall_float32),
    }
    card = (_TEXTS / "model_card.md").read_text(encoding="utf8").format(**fields)
    (folder / "README.md").write_text(card, encoding="utf8")
    copyfile(_TEXTS / "notice.md", folder / "NOTICE.md")
