"""The compositional suite of `mmsearch eval`: what is measured, and how it is shown."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.terminal import columns, printable
from mmsearch.types import Modality

if TYPE_CHECKING:
    from mmsearch.encoders.base import DualEncoder
    from mmsearch.evaluation.compose import ComposeReport, PairAccuracy
    from mmsearch.evaluation.scene_retrieval import SceneRetrieval
    from mmsearch.rerankers.base import Reranker


@dataclass(frozen=True, slots=True)
class SuiteOptions:
    """What the command line asks of the suite; None where it leaves the default."""

    encoder: str | None
    reranker: str | None
    count: int | None
    scenes: int | None
    seed: int | None


@dataclass(frozen=True, slots=True)
class SuiteResult:
    """What the suite found."""

    pairs: tuple["ComposeReport", ...]  # the encoder's, then the re-ranker's if there is one
    retrieval: tuple["SceneRetrieval", ...]

    def as_record(self) -> dict[str, object]:
        """Return what is written as JSON; shares lie in 0…1."""
        return {
            "suite": "compose",
            "pairs": [
                {
                    "scorer": report.scorer,
                    "seed": report.seed,
                    "count": report.count,
                    "overall": report.overall,
                    "worst": report.worst,
                    "worst_cell": report.worst_cell,
                    "kinds": report.kinds,
                    "totals": report.totals,
                    "accuracies": report.accuracies,
                }
                for report in self.pairs
            ],
            "retrieval": self.retrieval,
        }


def measure(options: SuiteOptions) -> SuiteResult:
    """Run the suite on the encoder and the re-ranker that are asked for, with progress on stderr."""
    from mmsearch.encoders.registry import load_encoder  # late: `mmsearch --help` imports this module
    from mmsearch.engine.settings import load_settings

    settings = load_settings()
    reranker = None if options.reranker is None else _reranker(options.reranker, settings.device)
    return run_suite(load_encoder(options.encoder or settings.encoder, device=settings.device), reranker, options)


def _reranker(name: str, device: str) -> "Reranker":
    """Open a re-ranker that reads pictures; drawn scenes have no captions but those that are asked for."""
    from mmsearch.rerankers.registry import load_reranker

    reranker = load_reranker(name, device=device)
    reranker.must_read(Modality.IMAGE)
    return reranker


def run_suite(encoder: "DualEncoder", reranker: "Reranker | None", options: SuiteOptions) -> SuiteResult:
    """Measure pairs and retrieval, on the options' numbers or else the suite's own."""
    from mmsearch.evaluation.compose import COUNT, compose_suite, encoder_scorer, reranker_scorer
    from mmsearch.evaluation.compose_cases import SEED
    from mmsearch.evaluation.scene_retrieval import SCENES, retrieve_scenes

    count, scenes = options.count or COUNT, options.scenes or SCENES
    seed = SEED if options.seed is None else options.seed
    scorers = {f"encoder {encoder.name}": encoder_scorer(encoder)}
    if reranker is not None:
        scorers[f"re-ranker {reranker.name}"] = reranker_scorer(reranker)
    with closing(ProgressLine()) as line:
        pairs = tuple(
            compose_suite(score, scorer=name, count=count, seed=seed, progress=line) for name, score in scorers.items()
        )
        return SuiteResult(pairs, retrieve_scenes(encoder, reranker, scenes=scenes, seed=seed, progress=line))


def suite_lines(result: SuiteResult) -> Iterator[str]:
    """Yield the result for people, shares in per cent."""
    for report in result.pairs:
        yield from _pair_lines(report)
        yield ""
    yield from _retrieval_lines(result.retrieval)


def _pair_lines(report: "ComposeReport") -> Iterator[str]:
    yield printable(f"{report.scorer}: true caption above its foil, %; chance 50; 95 % in brackets")
    yield f"seed {report.seed}, {report.count} scene{'s' * (report.count != 1)} of each kind and split"
    rows = [["", *(f"{each.language} {each.split}" for each in report.totals), "all"]]
    for at, kind in enumerate(report.kinds):
        cells = report.accuracies[at * len(report.totals) : (at + 1) * len(report.totals)]
        rows.append([str(kind.kind), *map(_cell, cells), _cell(kind)])
    rows.append(["all", *map(_cell, report.totals), _cell(report.overall)])
    yield from columns(rows, right=range(1, len(rows[0])))
    cell = report.worst_cell
    yield f"worst kind: {report.worst.kind}, {_cell(report.worst)}"
    yield f"worst of all cells: {cell.kind}, {cell.language} {cell.split}, {_cell(cell)}"


def _cell(accuracy: "PairAccuracy") -> str:
    low, high = accuracy.interval
    return f"{100 * accuracy.accuracy:.1f} ({100 * low:.1f}–{100 * high:.1f})"


def _retrieval_lines(retrieval: Sequence["SceneRetrieval"]) -> Iterator[str]:
    again = retrieval[0].reranked
    yield f"{retrieval[0].encoder.pictures} scenes, each by one caption; only its own scene counts as right"
    head = ["caption", "language", "true of", "R@1", "R@10", "median rank"]
    if again is not None:
        head += [f"R@1 after re-ranking {again.shortlist}", "95 %", "among them"]
    yield from columns([head, *map(_retrieval_row, retrieval)], right=range(2, len(head)))
    yield "true of: how many of the scenes a caption is true of, on average"


def _retrieval_row(found: "SceneRetrieval") -> list[str]:
    alone = found.encoder.text_to_image
    recalls = [f"{100 * share:.1f}" for share in (alone.recall_at_1, alone.recall_at_10)]
    row = [found.detail, found.language, f"{found.satisfying:.2f}", *recalls, f"{alone.median_rank:g}"]
    if found.reranked is None:
        return row
    low, high = found.reranked.interval_at_1
    interval = f"{100 * low:.1f}–{100 * high:.1f}"
    return [*row, f"{100 * found.reranked.recall_at_1:.1f}", interval, f"{100 * found.reranked.in_shortlist:.1f}"]
