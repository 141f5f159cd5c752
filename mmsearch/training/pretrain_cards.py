"""The cards of a pretrained encoder and its matcher, written from the config and from what was measured."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mmsearch.nets.dual_network import CONFIG, DualShape
from mmsearch.training.features import replace_text
from mmsearch.training.model_card import data_table, machine, recall_table

if TYPE_CHECKING:
    from mmsearch.training.config import PretrainConfig
    from mmsearch.training.pretrain import PretrainReport

_TEXTS = Path(__file__).parent / "configs"
_CARD, _NOTICE = "README.md", "NOTICE.md"
_OBJECTIVES = ("itc", "itm", "ranking", "drawn", "mlm", "classes", "places", "centres", "belief")
_OF_MATCHING = {"ranking", "drawn", "places", "centres"}  # which only weigh something beside itm
_RATES = ("image_rate", "text_rate", "head_rate", "frozen_blocks", "frozen_layers", "start_share")
_UNKNOWN = "Its card does not say."
_SCENES = (
    "drawn scenes | new in every step | pictures of things SIL OFL 1.1, their names Unicode License v3 | "
    "mmsearch, with pictures of the font Noto Color Emoji and names of the Unicode Common Locale Data Repository"
)


def write_pretrained_cards(
    config: "PretrainConfig", report: "PretrainReport", start: Path, figures: Mapping[str, str] | None = None
) -> None:
    """Write `README.md` and `NOTICE.md` into the folders of what was trained, an encoder, its matcher or both.

    Args:
        config: Of the run.
        report: What it made and measured.
        start: Folder of the encoder that it began from; its card says what that was made of and trained on.
        figures: What else was measured, by measure, as it is to be shown; nothing is shown that was not.

    Raises:
        TrainingError: If they cannot be written.
    """
    fields = _fields(config, report, start, figures or {})
    notice = _text(start / _NOTICE) + (_TEXTS / "pretrained_notice.md").read_text(encoding="utf8")
    trained = [(report.folder, "pretrained_encoder.md")] if config.pretraining.trains_encoder else []
    trained += [(report.matcher, "matcher.md")] if report.matcher else []
    for folder, template in trained:
        replace_text(folder / _CARD, (_TEXTS / template).read_text(encoding="utf8").format(**fields))
        replace_text(folder / _NOTICE, notice)


def _fields(
    config: "PretrainConfig", report: "PretrainReport", start: Path, figures: Mapping[str, str]
) -> dict[str, object]:
    shape = DualShape.from_json((report.folder / CONFIG).read_text(encoding="utf8"))
    before, weights = _text(start / _CARD), asdict(config.pretraining.objectives)
    learnt = [each for each in _OBJECTIVES if weights[each] and (weights["itm"] or each not in _OF_MATCHING)]
    return {
        "name": config.name,
        "dim": shape.dim,
        "side": shape.side,
        "weights_mb": _megabytes(report.folder),
        "matcher_mb": _megabytes(report.matcher) if report.matcher else "",
        "parts": table_below("## What it is made of", before) or _UNKNOWN,
        "data": _data(config),
        "data_before": table_below("## Data", before) or _UNKNOWN,
        "layers": config.matcher.layers,
        "first": config.matcher.start + 1,
        "width": config.matcher.width,
        "epochs": report.epochs,
        "steps": config.pretraining.steps,
        **{key: getattr(config.pretraining, key) for key in _RATES},
        "hours": f"{report.epoch_seconds / 3600:.1f}",
        "machine": machine(),
        "loss": f"{report.loss:.3f}",
        "objectives": ", ".join(f"{each} {weights[each]:g}" for each in learnt),
        "recall": recall_table(report.recall),
        "figures": _figure_table(figures),
    }


def table_below(heading: str, card: str) -> str:
    """Return the first Markdown table below a heading of a card, nothing if there is none."""
    table: list[str] = []
    for line in card.partition(f"\n{heading}\n")[2].splitlines():
        if line.startswith("|"):
            table.append(line)
        elif table or line.startswith("## "):
            break
    return "\n".join(table)


def _text(path: Path) -> str:
    return path.read_text(encoding="utf8") if path.is_file() else ""


def _megabytes(folder: Path) -> str:
    return f"{sum(path.stat().st_size for path in folder.glob('*.safetensors')) / 1e6:.1f}"


def _data(config: "PretrainConfig") -> str:
    table = data_table(config.datasets, config.classes)
    return f"{table}\n| {_SCENES} |" if config.scenes else table


def _figure_table(figures: Mapping[str, str]) -> str:
    if not figures:
        return ""
    rows = "\n".join(f"| {measure} | {figure} |" for measure, figure in figures.items())
    return f"\n| also measured | |\n|---|---|\n{rows}\n"
