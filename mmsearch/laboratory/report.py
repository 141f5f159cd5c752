"""What the laboratory found, as values and as lines for people."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from scipy.stats import t as student  # type: ignore[import-untyped]

from mmsearch.evaluation.metrics import COVERAGE, Difference
from mmsearch.laboratory.measuring import DIRECTIONS, SIGNIFICANT, Measured
from mmsearch.types import Curve, Skip

AS_IT_IS = "as it is"  # the row of an aligned encoder that nothing was learnt on top of


@dataclass(frozen=True, slots=True)
class Spread:
    """A figure over several seeds."""

    mean: float
    low: float  # 95 % interval of the mean, by Student's t; the mean itself of one seed
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> "Spread":
        """Return the spread of one value a seed."""
        mean = float(np.mean(values))
        if len(values) < 2:
            return cls(mean, mean, mean)
        error = float(np.std(values, ddof=1)) / len(values) ** 0.5
        reach = error * float(student.ppf((1 + COVERAGE) / 2, len(values) - 1))
        return cls(mean, mean - reach, mean + reach)


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What a method reached on held-out pairs."""

    method: str  # or `AS_IT_IS`
    figures: Mapping[str, Mapping[str, Spread]]  # by direction: R@1, R@5, R@10, perhaps MAP; 0…1; empty if it failed
    seconds: float = 0.0  # of a fit, the mean over the seeds
    shares: tuple[float, ...] = ()  # weight of what was learnt beside the encoder's own cosine, for each seed
    gain: Difference | None = None  # in right answers that come first, against the baseline; None of itself
    folder: Path | None = None  # of the encoder that was written
    problem: str | None = None  # why it could not be fitted

    @property
    def helped(self) -> bool:
        """Whether it finds more than the baseline, beyond chance."""
        return self.gain is not None and self.gain.gain > 0 and self.gain.p < SIGNIFICANT


Points: TypeAlias = tuple[tuple[float, float], ...]  # in a plane


@dataclass(frozen=True, slots=True)
class Drawing:
    """What there is to draw of a run, as numbers."""

    spectra: Mapping[str, tuple[float, ...]]  # correlations of coordinates on held-out pairs, by method, largest first
    before: tuple[Points, Points]  # held-out pictures and their texts, row by row
    after: tuple[Points, Points]  # likewise, in the space of the best method
    one_plane: bool  # whether both share a plane before; else each has one of its own
    curves: Mapping[str, tuple[Curve, ...]]  # of the first split, by method, where it descends


@dataclass(frozen=True, slots=True)
class AlignReport:
    """What a run of the laboratory found and made."""

    state: str  # done, or cancelled: then with what was finished until then
    pairs: str  # path, or name of the collection
    image_encoder: str  # empty where the pairs were given as vectors
    text_encoder: str
    aligned: bool  # whether both shared a space before
    pictures: int
    texts: int
    held_out: int  # pictures, for each seed
    seeds: int
    baseline: MethodResult  # the encoder as it is, or CCA
    methods: tuple[MethodResult, ...]  # in the order in which they were fitted
    best: str | None  # of the methods
    recommended: Path | None  # folder of the encoder that is worth using
    plots: tuple[Path, ...]
    left_out: tuple[Skip, ...]  # files that nothing could be learnt from, and why
    seconds: float
    drawing: Drawing | None = None  # None where nothing was fitted, or the run was cancelled

    @property
    def compared(self) -> tuple[MethodResult, ...]:
        """Baseline and methods, each once; the baseline first if it is none of the methods."""
        among = any(each.method == self.baseline.method for each in self.methods)
        return self.methods if among else (self.baseline, *self.methods)

    @property
    def best_result(self) -> MethodResult | None:
        """What the best method reached."""
        return next((each for each in self.methods if each.method == self.best), None)


def result_of(method: str, runs: Sequence[Measured], seconds: float, shares: Sequence[float] = ()) -> MethodResult:
    """Return the spread of what was measured on each split."""
    figures = {
        way: {name: Spread.of([run.figures[way][name] for run in runs]) for name in runs[0].figures[way]}
        for way in DIRECTIONS
    }
    return MethodResult(method, figures, seconds, tuple(shares))


def as_record(report: AlignReport) -> dict[str, Any]:
    """Return the report for programs, without what is drawn."""
    record = asdict(report)
    del record["drawing"]
    return record


def table_rows(report: AlignReport) -> list[list[str]]:
    """Return the table as cells, the head first: per cent, with the half width of the interval where there is one."""
    names = list(report.baseline.figures[DIRECTIONS[0]])
    arrows = ("text→image", "image→text")
    head = ["method", *(f"{arrow} {name}" for arrow in arrows for name in names), "seconds"]
    return [head, *([each.method, *_cells(each, names), f"{each.seconds:.1f}"] for each in report.compared)]


def _cells(result: MethodResult, names: Sequence[str]) -> list[str]:
    if not result.figures:
        return ["–"] * (2 * len(names))
    return [_cell(result.figures[way][name]) for way in DIRECTIONS for name in names]


def _cell(spread: Spread) -> str:
    reach = f" ± {100 * (spread.high - spread.mean):.1f}" if spread.high > spread.low else ""
    return f"{100 * spread.mean:.1f}{reach}"


def as_text(report: AlignReport) -> Iterator[str]:
    """Yield the report as lines for people."""
    yield _heading(report)
    rows = table_rows(report)
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(w) for cell, w in zip(row[1:], widths[1:], strict=True))]
        yield "  ".join(cells).rstrip()
    for each in report.methods:
        if each.problem:
            yield f"{each.method} could not be fitted: {each.problem}"
    yield from verdict(report)


def _heading(report: AlignReport) -> str:
    encoders = report.image_encoder if report.aligned else f"{report.image_encoder} and {report.text_encoder}"
    of = f"{encoders}, " if report.image_encoder else ""
    seeds = f"{report.seeds} seeds" if report.seeds > 1 else "1 seed"
    return (
        f"{of}{report.pictures:,} pictures with {report.texts:,} texts; {report.held_out:,} pictures held out, "
        f"{seeds}; per cent, ± half of the 95 % interval"
    )


def verdict(report: AlignReport) -> Iterator[str]:
    """Yield whether the best method helped, in sentences."""
    best = report.best_result
    if best is None:
        yield "Nothing could be fitted."
        return
    if best.gain is None:
        yield f"{best.method} is what other methods are compared with; --method all tries them."
        return
    low, high = (100 * end for end in best.gain.interval)
    told = f"{100 * best.gain.gain:+.1f} points of right answers that come first, 95 % {low:+.1f} to {high:+.1f}"
    than = "the encoder as it is" if report.aligned else report.baseline.method
    if best.helped:
        yield f"{best.method} finds more than {than}: {told} (p {best.gain.p:.2g})."
    elif report.aligned:
        yield f"It did not help: {best.method} is the best, with {told} against {than} (p {best.gain.p:.2g})."
        yield "Go on using the encoder as it is. More captioned pictures may help, or fine-tuning: mmsearch train"
    else:
        yield f"{best.method} is the best, but not beyond chance better than {than}: {told} (p {best.gain.p:.2g})."
