"""The curves of a training run, drawn from its log."""

import json
import logging
import math
import warnings
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from mmsearch.errors import TrainingError
from mmsearch.training.features import replace_file

if TYPE_CHECKING:
    from matplotlib.axes import Axes

LOG, CURVES = "log.jsonl", "curves.png"  # `checkpoint.train_epochs` writes the log
_REPORT = "report.json"  # written when a run ends
_HEADINGS = {
    "itc": "contrast (ITC)",
    "itm": "matching (ITM)",
    "mlm": "masked words (MLM)",
    "ranking": "true captions above foils",
    "drawn": "matches above drawn negatives",
    "classes": "class names",
    "places": "cells of what words name",
    "centres": "middles of what words name",
}  # other objectives are headed by their own name
_COLUMNS, _WIDTH, _HEIGHT = 3, 3.6, 2.7  # of a panel, in inches
# Told apart by colour-blind readers and on grey paper: colours of Okabe and Ito (2008), and dashes.
_STYLES = (("#0072B2", "-"), ("#D55E00", "--"), ("#009E73", "-."), ("#CC79A7", ":"))
_ALONE = ("#000000", "-")
_KEYS = frozenset({"epoch", "loss", "seconds"})  # of a line of the log; the others are "source objective"
_logger = logging.getLogger(__name__)

_Curve: TypeAlias = tuple[str, list[float]]  # source, and its loss after each epoch; nan where there was none


def can_draw() -> bool:
    """Say whether matplotlib is there; if not, tell how to get it."""
    if find_spec("matplotlib") is not None:
        return True
    _logger.warning("No curves are drawn without matplotlib. Install it with: pip install 'matplotlib>=3.10,<4'")
    return False


def draw_curves(run: Path) -> Path:
    """Draw the loss of a run over its epochs, of each source and objective where the log tells them apart.

    Args:
        run: Output folder of a training; gets `curves.png`.

    Returns:
        Path of the picture.

    Raises:
        TrainingError: If there is no log, it is damaged, matplotlib is missing, or the picture cannot be written.
    """
    lines = _read(run / LOG)
    try:
        from matplotlib.figure import Figure  # late: only training draws
    except ImportError as error:
        raise TrainingError(
            "Curves are drawn by matplotlib, which is not installed. Install it with: pip install 'matplotlib>=3.10,<4'"
        ) from error
    panels = {"all losses together": [("", _values(lines, "loss"))]} | _panels(lines)
    rows, columns = math.ceil(len(panels) / _COLUMNS), min(_COLUMNS, len(panels))
    figure = Figure(figsize=(max(2, columns) * _WIDTH, rows * _HEIGHT + 0.4), layout="constrained", dpi=120)
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    epochs, styles = [line["epoch"] for line in lines], _styles(panels)
    for axes, (heading, curves) in zip(grid, panels.items(), strict=False):
        _draw(axes, heading, epochs, curves, styles)
    for axes in grid[len(panels) :]:
        axes.set_axis_off()
    figure.suptitle(_title(run, lines), parse_math=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may hold letters that the font lacks; boxes stand for them
        replace_file(run / CURVES, lambda part: figure.savefig(part, format="png"))
    return run / CURVES


def _read(path: Path) -> list[dict[str, float]]:
    try:
        lines: list[dict[str, float]] = [json.loads(line) for line in path.read_text(encoding="utf8").splitlines()]
    except (OSError, ValueError) as error:
        raise TrainingError(f"Cannot read the log {path}: {error}. Give the output folder of a training.") from error
    if not lines or not all(isinstance(line, dict) and line.keys() >= _KEYS for line in lines):
        raise TrainingError(f"The log {path} has no epoch, or a line that does not tell epoch, loss and seconds.")
    return lines


def _panels(lines: Sequence[dict[str, float]]) -> dict[str, list[_Curve]]:
    """Return the curves of each objective, one for each source, in the order in which they joined in."""
    panels: dict[str, list[_Curve]] = {}
    for name in dict.fromkeys(key for line in lines for key in line if key not in _KEYS):
        source, _, objective = name.rpartition(" ")
        panels.setdefault(_HEADINGS.get(objective, objective), []).append((source, _values(lines, name)))
    return panels


def _values(lines: Sequence[dict[str, float]], name: str) -> list[float]:
    return [line.get(name, math.nan) for line in lines]


def _styles(panels: Mapping[str, Sequence[_Curve]]) -> dict[str, tuple[str, str]]:
    """Return colour and dashes of each source, the same in all panels."""
    sources = sorted({source for curves in panels.values() for source, _ in curves} - {""})
    return {"": _ALONE} | dict(zip(sources, cycle(_STYLES), strict=False))


def _draw(
    axes: "Axes",
    heading: str,
    epochs: Sequence[float],
    curves: Sequence[_Curve],
    styles: Mapping[str, tuple[str, str]],
) -> None:
    from matplotlib.ticker import MaxNLocator

    for source, values in sorted(curves):
        colour, dashes = styles[source]
        axes.plot(epochs, values, dashes, color=colour, label=f"{source} {values[-1]:.3g}".strip())
        axes.plot(epochs[-1:], values[-1:], "o", color=colour, markersize=4)
    axes.set_title(heading, fontsize="medium")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss in nats")
    axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)
    axes.legend(title="last", fontsize="small", title_fontsize="small")


def _title(run: Path, lines: Sequence[dict[str, float]]) -> str:
    """Name the run by its config once it has ended, before by its folder; say how long it took."""
    try:
        name = str(json.loads((run / _REPORT).read_text(encoding="utf8"))["config"]["name"])
    except (OSError, ValueError, KeyError, TypeError):
        name = run.resolve().name
    hours = sum(line["seconds"] for line in lines) / 3600
    time = f"{hours:.1f} hours" if hours >= 1 else f"{60 * hours:.1f} minutes"
    return f"{name}: {len(lines)} epoch{'s' * (len(lines) != 1)} in {time}"
