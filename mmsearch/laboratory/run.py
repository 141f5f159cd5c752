"""A run of the laboratory: pairs to vectors, learners fitted and measured on equal terms, the best written."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

import numpy as np
from numpy.typing import NDArray

from mmsearch.alignment.base import Aligner
from mmsearch.alignment.checks import Rows, unit_rows
from mmsearch.encoders.aligned import open_sides, write_aligned
from mmsearch.encoders.registry import model_folders
from mmsearch.encoders.sides import Side
from mmsearch.errors import BadInput, TrainingError
from mmsearch.laboratory.card import card
from mmsearch.laboratory.measuring import Measured, compared, correlations, measured
from mmsearch.laboratory.methods import BASELINE, learner_for, method_names
from mmsearch.laboratory.pairs import (
    CACHE,
    CACHE_BYTES,
    CaptionedSet,
    PairVectors,
    check_enough,
    encoded_pairs,
    pairs_of_file,
)
from mmsearch.laboratory.plots import draw_clouds, draw_fits, draw_recall, draw_spectrum, flattened, share_columns
from mmsearch.laboratory.report import AS_IT_IS, AlignReport, Drawing, MethodResult, Points, as_record, result_of
from mmsearch.laboratory.watching import FitWatcher
from mmsearch.store.blob_cache import BlobCache
from mmsearch.training.captions import CaptionedPicture
from mmsearch.training.curves import can_draw
from mmsearch.training.features import replace_text, writing
from mmsearch.training.folders import read_folder, write_left_out
from mmsearch.types import Curve, Ids, Progress, Skip

REPORT = "report.json"
VECTORS = ".npz"  # suffix of pairs that are vectors already


@dataclass(frozen=True, slots=True)
class AlignSettings:
    """What a run is told."""

    pairs: Path | CaptionedSet  # a folder of captioned pictures, a caption file or an .npz of vectors; or pictures
    output: Path  # gets a folder for each encoder that is written, plots, `report.json` and `left-out.jsonl`
    image_encoder: str = "bundled"  # as `load_encoder` takes it; may take pictures alone
    text_encoder: str | None = None  # likewise texts; None: the same, which is adapted
    method: str = "contrastive"  # a key of `METHODS`, or all
    seeds: int = 3  # of splits and learners
    held_out: float = 0.2  # share of the pictures, in each split
    keep: bool = False  # whether to write an encoder for every method, also where it did not help

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.seeds < 1:
            raise BadInput(f"seeds must be at least 1; got {self.seeds}.")
        if not 0.05 <= self.held_out <= 0.8:
            raise BadInput(f"held_out must be a share between 0.05 and 0.8; got {self.held_out}.")

    @property
    def vectors(self) -> Path | None:
        """The file of pairs that are vectors already; None where encoders make them."""
        return self.pairs if isinstance(self.pairs, Path) and self.pairs.suffix == VECTORS else None


def align(
    settings: AlignSettings,
    *,
    home: Path,
    device: str = "auto",
    progress: Callable[[Progress], None] | None = None,
    cancel: Event | None = None,
) -> AlignReport:
    """Bring two frozen encoders into one space, or adapt one that has such a space, and measure whether it helps.

    Vectors are kept in `home`, so another run with the same encoders only fits.

    Args:
        settings: What to do.
        home: Folder of mmsearch's own files.
        device: Of the encoders: "auto" (CUDA where there is one), "cpu", "cuda", …
        progress: Called as the run goes on.
        cancel: Set it to end the run after the step at hand.

    Raises:
        BadInput: If pairs or settings cannot be used.
        UnknownName: If there is no such method or encoder.
        EncoderError: If an encoder is not on this machine, cannot be loaded or does not take what it should.
        SourceError: If the folder is not there.
        TrainingError: If there are too few pairs, a fit fails or the disk is full.
    """
    methods = method_names(settings.method)
    with writing(settings.output):
        settings.output.mkdir(parents=True, exist_ok=True)
    return _Run(settings, methods, home, device, progress or (lambda _: None), cancel or Event()).go()


class _Stopped(Exception):
    """The run was asked to end."""


@dataclass(frozen=True, slots=True)
class _Split:
    """What one seed learns from and what it is measured on."""

    train: PairVectors
    held: PairVectors
    numbers: Ids  # of the pictures held out, in the whole data


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A method on every split."""

    result: MethodResult
    runs: list[Measured]
    learner: Aligner  # of the first split
    spectrum: NDArray[np.float64]  # (dim,), of the pairs held out from it
    curves: tuple[Curve, ...]  # likewise


class _Run:
    """One call of `align`, step by step."""

    def __init__(
        self,
        settings: AlignSettings,
        methods: tuple[str, ...],
        home: Path,
        device: str,
        progress: Callable[[Progress], None],
        cancel: Event,
    ) -> None:
        self.settings, self.methods, self.home, self.device = settings, methods, home, device
        self.progress, self.cancel, self.began = progress, cancel, time.monotonic()
        self.sides: dict[str, Side] = {}  # none where pairs are vectors already
        self.left_out: tuple[Skip, ...] = ()
        self.spectra: dict[str, NDArray[np.float64]] = {}
        self.curves: dict[str, tuple[Curve, ...]] = {}
        self.learners: dict[str, Aligner] = {}
        self.results: list[MethodResult] = []
        self.best: tuple[str, float] | None = None  # and its score

    @property
    def aligned(self) -> bool:
        """Whether pictures and texts share a space before anything is learnt."""
        return bool(self.sides) and self.settings.text_encoder in (None, self.settings.image_encoder)

    def _tell(self, phase: str, done: int, total: int, curves: tuple[Curve, ...] = ()) -> None:
        self.progress(Progress(phase, done, total, skipped=0, rate=0.0, seconds_left=None, curves=curves))
        if self.cancel.is_set():
            raise _Stopped

    def go(self) -> AlignReport:
        """Do it all."""
        try:
            pairs = self._pairs()
            check_enough(len(pairs.image), self.settings.pairs)
            splits = [self._split(pairs, seed) for seed in range(self.settings.seeds)]
            baseline = self._baseline(splits)
        except _Stopped:
            return self._report("cancelled", None, None)
        try:
            for method in self.methods:
                self._try(method, splits, baseline)
        except _Stopped:
            return self._report("cancelled", pairs, baseline.result)
        report = self._drawn(self._written(self._report("done", pairs, baseline.result)), splits[0])
        for each in report.methods:
            if each.folder is not None:
                replace_text(each.folder / "README.md", card(report, each.method))
        replace_text(
            self.settings.output / REPORT,
            json.dumps(as_record(report), indent=2, ensure_ascii=False, default=str) + "\n",
        )
        return report

    def _pairs(self) -> PairVectors:
        """Read the pairs as vectors."""
        if self.settings.vectors:
            return pairs_of_file(self.settings.vectors)
        image, text = self.settings.image_encoder, self.settings.text_encoder or self.settings.image_encoder
        # what cannot be loaded is told before the pictures are read
        self.sides = open_sides(
            model_folders(image)[0], model_folders(text)[-1], names=(image, text), device=self.device
        )
        pictures = self._pictures(self.settings.pairs)
        cache = BlobCache(self.home / CACHE, CACHE_BYTES)
        try:
            return encoded_pairs(pictures, self.sides, cache, self._tell)
        finally:
            cache.close()

    def _pictures(self, pairs: Path | CaptionedSet) -> tuple[CaptionedPicture, ...]:
        """Return the captioned pictures, those of a folder once they were looked at."""
        if isinstance(pairs, CaptionedSet):
            check_enough(len(pairs.pictures), pairs)  # before any of them is encoded
            return pairs.pictures
        folder = read_folder(pairs, held_out=0.0, seed=0, progress=lambda done, n: self._tell("pictures", done, n))
        self.left_out = folder.left_out
        write_left_out(self.settings.output, folder.left_out)
        return folder.train

    def _split(self, pairs: PairVectors, seed: int) -> _Split:
        count = len(pairs.image)
        order = np.random.default_rng(seed).permutation(count)
        kept = max(2, round(self.settings.held_out * count))
        numbers = np.sort(order[:kept])
        return _Split(pairs.subset(np.sort(order[kept:])), pairs.subset(numbers), numbers)

    def _baseline(self, splits: list[_Split]) -> "_Fitted | _AsItIs":
        """Measure what the methods are compared with: the encoder as it is, else CCA."""
        if not self.aligned:
            fitted = self._fitted(BASELINE, splits)
            self.spectra[BASELINE] = fitted.spectrum
            return fitted
        units = [(unit_rows(split.held.image), unit_rows(split.held.text)) for split in splits]
        runs = [measured(*unit, split.held, split.numbers) for unit, split in zip(units, splits, strict=True)]
        self.spectra[AS_IT_IS] = correlations(*units[0], splits[0].held.owner)
        return _AsItIs(result_of(AS_IT_IS, runs, 0.0), runs)

    def _try(self, method: str, splits: list[_Split], baseline: "_Fitted | _AsItIs") -> None:
        """Fit a method and compare it with the baseline; of several, one that cannot be fitted is told."""
        if isinstance(baseline, _Fitted) and method == BASELINE:
            self._keep(method, baseline)
            return
        try:
            fitted = self._fitted(method, splits)
        except (BadInput, TrainingError) as error:
            if len(self.methods) == 1:
                raise
            self.results.append(MethodResult(method, {}, problem=str(error)))
            return
        gain = compared(baseline.runs, fitted.runs, len(self.methods))
        self._keep(method, replace(fitted, result=replace(fitted.result, gain=gain)))

    def _keep(self, method: str, fitted: _Fitted) -> None:
        """Note a result; its learner only if it may be written."""
        self.results.append(fitted.result)
        self.spectra[method] = fitted.spectrum
        if fitted.curves:
            self.curves[method] = fitted.curves
        score = float(np.mean([run.score for run in fitted.runs]))
        if self.best is None or score > self.best[1]:
            if self.best is not None and not self.settings.keep:
                del self.learners[self.best[0]]
            self.best = (method, score)
            self.learners[method] = fitted.learner
        elif self.settings.keep:
            self.learners[method] = fitted.learner

    def _fitted(self, method: str, splits: list[_Split]) -> _Fitted:
        """Fit a method on every split and measure it."""
        learners, runs, codes, seconds, curves = [], [], [], [], []
        for seed, split in enumerate(splits):
            train, began = split.train, time.monotonic()
            learner = learner_for(
                method, pictures=len(train.image), seed=seed, classes=train.labels is not None, aligned=self.aligned
            )
            phase = f"{method}, split {seed + 1} of {len(splits)}"
            self._tell(phase, 0, 1)
            watcher = self._watcher(phase)
            learner.fit(train.image, train.text, owner=train.owner, labels=train.labels, progress=watcher)
            curves.append(watcher.curves)
            seconds.append(time.monotonic() - began)
            codes.append((learner.transform_image(split.held.image), learner.transform_text(split.held.text)))
            runs.append(measured(*codes[-1], split.held, split.numbers))
            learners.append(learner)
        shares = [float(each.share_) for each in learners if hasattr(each, "share_")]
        result = result_of(method, runs, float(np.mean(seconds)), shares)
        return _Fitted(result, runs, learners[0], correlations(*codes[0], splits[0].held.owner), curves[0])

    def _watcher(self, phase: str) -> FitWatcher:
        return FitWatcher(lambda step, curves: self._tell(phase, step.done, step.total, curves))

    def _report(self, state: str, pairs: PairVectors | None, baseline: MethodResult | None) -> AlignReport:
        image = "" if self.settings.vectors else self.settings.image_encoder
        count = 0 if pairs is None else len(pairs.image)
        return AlignReport(
            state=state,
            pairs=str(self.settings.pairs),
            image_encoder=image,
            text_encoder="" if self.settings.vectors else self.settings.text_encoder or image,
            aligned=self.aligned,
            pictures=count,
            texts=0 if pairs is None else len(pairs.text),
            held_out=max(2, round(self.settings.held_out * count)) if count else 0,
            seeds=self.settings.seeds,
            baseline=baseline or MethodResult(AS_IT_IS, {}),
            methods=tuple(self.results),
            best=self.best[0] if self.best else None,
            recommended=None,
            plots=(),
            left_out=self.left_out,
            seconds=time.monotonic() - self.began,
        )

    def _written(self, report: AlignReport) -> AlignReport:
        """Write the encoders that are worth it, or all if asked to."""
        best = report.best_result
        if best is None or not self.sides:
            return report
        worth = best.helped or not self.aligned
        wanted = list(self.learners) if self.settings.keep else [best.method] if worth else []
        folders = {method: self._write(method) for method in wanted}
        methods = tuple(replace(each, folder=folders.get(each.method)) for each in report.methods)
        return replace(report, methods=methods, recommended=folders[best.method] if worth else None)

    def _write(self, method: str) -> Path:
        learner, folder = self.learners[method], self.settings.output / method
        self.progress(Progress(f"writing {method}", 0, 1, skipped=0, rate=0.0, seconds_left=None))
        with writing(folder):
            projections = {side: learner.projection(view) for view, side in enumerate(("image", "text"))}
            write_aligned(folder, self.sides, projections, learner.dim_)
        return folder

    def _drawn(self, report: AlignReport, split: _Split) -> AlignReport:
        """Draw what there is to see."""
        if report.best is None:
            return report
        first = np.unique(split.held.owner, return_index=True)[1]
        before = split.held.image, split.held.text[first]
        learner = self.learners[report.best]
        after = learner.transform_image(before[0]), learner.transform_text(before[1])
        spectra = {method: tuple(values.round(4).tolist()) for method, values in self.spectra.items()}
        drawing = Drawing(spectra, _points(before), _points(after), share_columns(before), self.curves)
        if not can_draw():
            return replace(report, drawing=drawing)
        folder = self.settings.output
        plots = (
            draw_recall(report, folder),
            draw_spectrum(self.spectra, folder),
            draw_clouds(before, after, report.best, folder),
            *([draw_fits(self.curves, folder)] if self.curves else []),
        )
        return replace(report, drawing=drawing, plots=plots)


def _points(pair: tuple[Rows, Rows]) -> tuple[Points, Points]:
    """Return pictures and texts in a plane as numbers."""
    image, text = (tuple((float(x), float(y)) for x, y in cloud.round(4)) for cloud in flattened(pair))
    return image, text


@dataclass(frozen=True, slots=True)
class _AsItIs:
    """An aligned encoder that nothing was learnt on top of, on every split."""

    result: MethodResult
    runs: list[Measured]
