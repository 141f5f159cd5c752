"""Measures an encoder and its matcher against what pretraining is to reach, and says which goals are missed.

    python -m benchmarks.pretraining --data DATA [--encoder runs/matcher/encoder --matcher runs/matcher/matcher]

DATA is laid out as docs/training.md says (or set MMSEARCH_TEST_DATA); only dev splits are read. Without folders the
bundled models are measured; where there is no matcher, the encoder alone. Writes benchmarks/results/pretraining.json
after each part; a part that was measured before on the same weights is not measured again. --quick measures little,
into pretraining-quick.json, to see that it runs.
"""

import argparse
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.machine import measured, measured_before, write_result
from benchmarks.nouns import heads_only
from benchmarks.nouns import measure as measure_nouns
from benchmarks.pretraining_table import Row, as_lines, rows
from mmsearch.cli.progress import ProgressLine
from mmsearch.encoders.folder import NetworkEncoder, open_folder
from mmsearch.encoders.registry import BUNDLED_ENCODER
from mmsearch.encoders.threads import let_waiting_threads_sleep
from mmsearch.evaluation import as_dict
from mmsearch.evaluation.cloze import guess_words
from mmsearch.evaluation.cloze_questions import content_questions, scene_questions
from mmsearch.evaluation.compose import ComposeReport, compose_suite, encoder_scorer, reranker_scorer
from mmsearch.evaluation.reranking import evaluate_reranking
from mmsearch.evaluation.scene_retrieval import retrieve_scenes
from mmsearch.rerankers.evidence import PictureTokens
from mmsearch.rerankers.folder import NetworkMatcher, open_matcher
from mmsearch.rerankers.registry import BUNDLED_RERANKER
from mmsearch.training.captions import LANGUAGES
from mmsearch.training.config import read_config
from mmsearch.training.measure import DevSet, measure, read_dev_sets
from mmsearch.training.run import BUNDLED_CONFIG
from mmsearch.types import Ids, Vectors


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured; the defaults are what the goals speak of."""

    photos: int | None = None  # pictures of each dev set; None for all
    scenes: int = 1_000  # to find one among, and to hide words in captions of
    count: int = 200  # of the compose suite: scenes of each kind and split


QUICK = Sizes(photos=40, scenes=40, count=2)


class Pair:
    """An encoder and its matcher, if it has one, and the dev pictures that both are measured on."""

    def __init__(self, options: argparse.Namespace, progress: ProgressLine) -> None:
        self.sizes, self.progress = QUICK if options.quick else Sizes(), progress
        self.encoder: NetworkEncoder = open_folder(options.encoder, name="encoder", device=options.device)
        self.given: NetworkMatcher | None = None
        if options.matcher.is_dir():
            self.given = open_matcher(options.matcher, options.encoder, name="matcher", device=options.device)
        self.data = Path(options.data)
        sets = read_dev_sets(self.data, read_config(BUNDLED_CONFIG).datasets)
        self.sets = [DevSet(each.name, each.pictures[: self.sizes.photos]) for each in sets]
        self.flickr8k = next(each for each in self.sets if each.name.startswith("flickr8k"))

    @property
    def matcher(self) -> NetworkMatcher:
        """The matcher, for what cannot be measured without."""
        if self.given is None:
            raise SystemExit("There is no matcher: give the folder of one with --matcher.")
        return self.given

    @cached_property
    def seen(self) -> tuple[Vectors, PictureTokens]:
        """The encoder's vectors of the Flickr8k dev pictures, and what the matcher keeps of them."""
        pictures = [Image.open(each.path) for each in self.flickr8k.pictures]
        return self.encoder.encode_images(pictures), self.matcher.prepare(pictures)

    def captions(self, language: str) -> tuple[list[str], Ids]:
        """Return the captions of the Flickr8k dev pictures and the number of the picture of each."""
        told = [each.in_language(language) for each in self.flickr8k.pictures]
        owner = np.repeat(np.arange(len(told)), [len(texts) for texts in told])
        return [text for texts in told for text in texts], owner


def recall(pair: Pair) -> object:
    """Measure the encoder alone on all dev sets."""
    reports = [report for dev in pair.sets for report in measure(pair.encoder, dev)]
    return {f"{report.dataset} {report.language}": as_dict(report) for report in reports}


def reranking(pair: Pair) -> object:
    """Measure what re-ranking adds on Flickr8k dev."""
    found = {}
    for language in LANGUAGES:
        captions, owner = pair.captions(language)
        report = evaluate_reranking(
            pair.encoder, pair.matcher, *pair.seen, captions, owner,
            dataset=pair.flickr8k.name, language=language, progress=pair.progress,
        )  # fmt: skip
        found[language] = {**asdict(report), "gain": asdict(report.at_1)}
    return found


def scenes(pair: Pair) -> object:
    """Find unseen scenes by their captions, before and after re-ranking."""
    found = retrieve_scenes(pair.encoder, pair.given, scenes=pair.sizes.scenes, progress=pair.progress)
    return [asdict(each) for each in found]


def compose(pair: Pair) -> object:
    """Ask encoder and matcher for true captions against foils."""
    found, scorers = {}, {"encoder": encoder_scorer(pair.encoder)}
    if pair.given:
        scorers["matcher"] = reranker_scorer(pair.given)
    for name, score in scorers.items():
        report = compose_suite(score, scorer=name, count=pair.sizes.count, progress=pair.progress)
        found[name] = _with_worst(report)
    return found


def _with_worst(report: ComposeReport) -> dict[str, object]:
    return {**asdict(report), "worst": asdict(report.worst), "worst_cell": asdict(report.worst_cell)}


def words(pair: Pair) -> object:
    """Hide words in captions of unseen scenes and of Flickr8k dev."""
    asked = scene_questions(pair.sizes.scenes)
    drawn = pair.matcher.prepare(asked.pictures)
    photos = {language: content_questions(pair.matcher.network.dual, *pair.captions(language), language)
              for language in LANGUAGES}  # fmt: skip
    found: dict[str, dict[str, object]] = {}
    for name, tokens, questions in (("scenes", drawn, asked.questions), ("photos", pair.seen[1], photos)):
        found[name] = {}
        for language in LANGUAGES:
            report = guess_words(
                pair.matcher.network, tokens, questions[language],
                reranker="matcher", dataset=name, language=language, progress=pair.progress,
            )  # fmt: skip
            found[name][language] = {**asdict(report), "gain": asdict(report.overall.seeing)}
    return found


def nouns(pair: Pair) -> object:
    """Look for nouns that no training caption holds, and recall what the encoder with frozen towers found."""
    return {"now": measure_nouns(pair.encoder, pair.data), "heads_only": heads_only()}


PARTS: Mapping[str, Callable[[Pair], object]] = {
    "recall": recall,
    "reranking": reranking,
    "scenes": scenes,
    "compose": compose,
    "words": words,
    "nouns": nouns,
}


NEED_A_MATCHER, NEED_NO_MATCHER = ("reranking", "words"), ("recall", "nouns")


def main() -> None:
    """Measure what has not been measured, write the JSON after each part, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("MMSEARCH_TEST_DATA"), help="data folder")
    parser.add_argument("--encoder", type=Path, default=BUNDLED_ENCODER, help="folder")
    parser.add_argument("--matcher", type=Path, default=BUNDLED_RERANKER, help="folder")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")
    parser.add_argument("--name", default="pretraining", help="of the result file")
    parser.add_argument("--quick", action="store_true", help="measure little, to see that it runs")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    options = parser.parse_args()
    if options.data is None:
        parser.error("say where the data are: --data, or MMSEARCH_TEST_DATA")
    let_waiting_threads_sleep()
    name = f"{options.name}-quick" if options.quick else options.name
    with closing(ProgressLine()) as progress:
        table = run(Pair(options, progress), name, options.fresh)
    print("\n".join(as_lines(table)))
    if options.quick:
        print("A quick run asks too little: these figures say nothing about the goals.")


def run(pair: Pair, name: str, fresh: bool) -> list[Row]:
    """Measure the parts that are missing, and return the rows of the table."""
    of = {part: _of(part, pair) for part in PARTS}
    parts = {} if fresh else measured_before(name, of)
    for part, ask in PARTS.items():
        if part not in parts and (pair.given or part not in NEED_A_MATCHER):
            print(f"=== {part}", flush=True)
            parts[part] = measured(partial(ask, pair), of[part])
            write_result(name, {"table": _goals(parts), "parts": parts})
    return _rows(parts)


def _of(part: str, pair: Pair) -> dict[str, object]:
    """Return what a part depends on: hidden words on the matcher's weights, other judgements on its calibration too."""
    of = {"encoder": pair.encoder.fingerprint, "sizes": asdict(pair.sizes)}
    if pair.given is None or part in NEED_NO_MATCHER:
        return of
    return of | ({"weights": pair.given.tokens_as} if part == "words" else {"matcher": pair.given.fingerprint})


def _rows(parts: Mapping[str, Any]) -> list[Row]:
    return list(rows({part: each["found"] for part, each in parts.items()}))


def _goals(parts: Mapping[str, Any]) -> list[dict[str, object]]:
    return [{**asdict(row), "verdict": row.verdict} for row in _rows(parts)]


if __name__ == "__main__":
    main()
