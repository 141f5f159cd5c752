"""The pictures of a run: recall, the spectrum of correlations, both clouds before and after, and how fits went."""

import math
import warnings
from collections.abc import Mapping, Sequence
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmsearch.alignment.checks import Rows
from mmsearch.laboratory.measuring import DIRECTIONS
from mmsearch.laboratory.report import AlignReport
from mmsearch.training.features import replace_file
from mmsearch.types import Curve

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

RECALL, SPECTRUM, CLOUDS, FITS = "recall.png", "spectrum.png", "clouds.png", "curves.png"
POINTS, LINKED = 300, 30  # pairs drawn, and those of them joined by a line
_TITLES = {"text_to_image": "texts find their picture", "image_to_text": "pictures find a text of theirs"}
# Told apart by colour-blind readers: colours of Okabe and Ito (2008), and marks or dashes.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_WIDEST = (10, 20, 40, 60, 80, 100)  # per cent, where an axis may end
_MARKS, _DASHES = ("o", "s", "D", "^"), ("-", "--", "-.", ":")


def draw_recall(report: AlignReport, folder: Path) -> Path:
    """Draw each method's figures with their intervals, both directions side by side.

    Raises:
        TrainingError: If the picture cannot be written.
    """
    shown = [each for each in report.compared if each.figures]
    figure = _figure(9.0, 1.6 + 0.34 * len(shown))
    grid = figure.subplots(1, 2, sharey=True)
    places = np.arange(len(shown))[::-1]
    highest = max(spread.high for each in shown for way in DIRECTIONS for spread in each.figures[way].values())
    widest = next(share for share in _WIDEST if share >= min(100 * highest, 100))
    for axes, way in zip(grid, DIRECTIONS, strict=True):
        for name, colour, mark in zip(shown[0].figures[way], _COLOURS, _MARKS, strict=False):
            spreads = [100 * np.array([s.mean, s.low, s.high]) for s in (each.figures[way][name] for each in shown)]
            means = np.array([mean for mean, _, _ in spreads])
            reach = np.array([(mean - low, high - mean) for mean, low, high in spreads]).T
            axes.errorbar(means, places, xerr=reach, fmt=mark, color=colour, capsize=3, markersize=5, label=name)
        axes.set_title(_TITLES[way], fontsize="medium")
        axes.set_xlabel("per cent of held-out queries")
        axes.set_xlim(0, widest)
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.grid(alpha=0.3)
    grid[0].set_yticks(places, [each.method for each in shown])
    grid[1].legend(loc="best", fontsize="small")
    return _write(figure, folder / RECALL)


def draw_spectrum(correlations: Mapping[str, NDArray[np.float64]], folder: Path) -> Path:
    """Draw how strongly each coordinate of held-out texts correlates with that of their pictures.

    Args:
        correlations: (dim,) for each method, largest first.
        folder: Gets the picture.

    Raises:
        TrainingError: If it cannot be written.
    """
    figure = _figure(6.5, 4.2)
    axes = figure.subplots()
    styles = zip(cycle(_COLOURS), (dash for dash in _DASHES for _ in _COLOURS), strict=False)
    for (method, values), (colour, dashes) in zip(correlations.items(), styles, strict=False):
        axes.plot(np.arange(1, len(values) + 1), values, dashes, color=colour, label=method)
    axes.set_xscale("log")
    axes.set_ylim(min(0.0, min(float(values.min()) for values in correlations.values())), 1)
    axes.set_xlabel("coordinate of the common space, by its correlation")
    axes.set_ylabel("correlation on held-out pairs")
    axes.set_title("spectrum of correlations", fontsize="medium")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    return _write(figure, folder / SPECTRUM)


def draw_clouds(before: tuple[Rows, Rows], after: tuple[Rows, Rows], method: str, folder: Path) -> Path:
    """Draw held-out pictures and texts as points in 2-D, before and after; lines join some pairs.

    Args:
        before: Vectors of pictures (n, d1) and texts (n, d2), row by row of one pair.
        after: Likewise, in the common space.
        method: That made the space.
        folder: Gets the picture.

    Raises:
        TrainingError: If it cannot be written.
    """
    figure = _figure(9.0, 4.6)
    grid = figure.subplots(1, 2)
    how = "" if share_columns(before) else ", each in a plane of its own"
    _cloud(grid[0], flattened(before), f"before{how}")
    _cloud(grid[1], flattened(after), f"after, by {method}")
    grid[0].legend(loc="best", fontsize="small")
    figure.suptitle("held-out pictures and texts, two main directions; lines join pairs", fontsize="medium")
    return _write(figure, folder / CLOUDS)


def draw_fits(curves: Mapping[str, Sequence[Curve]], folder: Path) -> Path:
    """Draw the loss of each method over its epochs and, where it holds out pairs, how well they find each other.

    Args:
        curves: For each method, one or more, one for each time that it fitted; the last is drawn boldest.
        folder: Gets the picture.

    Raises:
        TrainingError: If it cannot be written.
    """
    columns = min(3, len(curves))
    rows = math.ceil(len(curves) / columns)
    figure = _figure(max(5.0, 4.0 * columns), 3.0 * rows + 0.3)
    grid = figure.subplots(rows, columns, squeeze=False).flatten()
    for axes, (method, fits) in zip(grid, curves.items(), strict=False):
        _fits(axes, method, fits)
    for axes in grid[len(curves) :]:
        axes.set_axis_off()
    figure.suptitle("fits of the first split", fontsize="medium")
    return _write(figure, folder / FITS)


def _fits(axes: "Axes", method: str, fits: Sequence[Curve]) -> None:
    from matplotlib.ticker import MaxNLocator

    right = axes.twinx()
    right.set_visible(any(fit.held_out for fit in fits))
    for fit in fits:
        bold = 1.0 if fit is fits[-1] else 0.3
        axes.plot(np.arange(1, len(fit.loss) + 1), fit.loss, "-", color=_COLOURS[0], alpha=bold)
        right.plot(np.arange(1, len(fit.held_out) + 1), fit.held_out, "--", color=_COLOURS[1], alpha=bold)
    axes.set_title(method, fontsize="medium")
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss", color=_COLOURS[0])
    right.set_ylabel("MRR held out", color=_COLOURS[1])
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(alpha=0.3)


def share_columns(pair: tuple[Rows, Rows]) -> bool:
    """Say whether vectors of pictures and of texts can be drawn in one plane."""
    return bool(pair[0].shape[1] == pair[1].shape[1])


def flattened(pair: tuple[Rows, Rows]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return clouds of pictures (n, d1) and of texts (n, d2) in a plane, one of its own each if widths differ."""
    image, text = plane(pair) if share_columns(pair) else (plane(pair[:1])[0], plane(pair[1:])[0])
    return image[:POINTS], text[:POINTS]


def plane(clouds: Sequence[Rows]) -> tuple[NDArray[np.float64], ...]:
    """Return clouds of unit rows, (n, d) each, on the plane of their two main directions together, (n, 2) each."""
    units = [rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in clouds]
    rows = np.concatenate(units).astype(np.float64)
    centre = rows.mean(axis=0)
    directions = np.linalg.svd(rows - centre, full_matrices=False)[2][:2].T  # (d, 1 or 2)
    flat = [np.zeros((len(each), 2)) for each in units]
    for place, each in zip(flat, units, strict=True):
        place[:, : directions.shape[1]] = (each - centre) @ directions
    return tuple(flat)


def _cloud(axes: "Axes", clouds: Sequence[NDArray[np.float64]], title: str) -> None:
    image, text = clouds
    for start, end in zip(image[:LINKED], text[:LINKED], strict=True):
        axes.plot([start[0], end[0]], [start[1], end[1]], "-", color="#999999", linewidth=0.7, zorder=1)
    axes.scatter(image[:, 0], image[:, 1], s=14, marker="o", color=_COLOURS[0], alpha=0.7, label="pictures", zorder=2)
    axes.scatter(text[:, 0], text[:, 1], s=14, marker="^", color=_COLOURS[1], alpha=0.7, label="texts", zorder=2)
    axes.set_title(title, fontsize="medium")
    axes.set_xticks([])
    axes.set_yticks([])


def _figure(width: float, height: float) -> "Figure":
    from matplotlib.figure import Figure  # late: only drawing needs it

    return Figure(figsize=(width, height), layout="constrained", dpi=120)


def _write(figure: "Figure", path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a name may hold letters that the font lacks; boxes stand for them
        replace_file(path, lambda part: figure.savefig(part, format="png"))
    return path
