"""Measures the second opinion: what re-ranking adds, how far its probabilities can be trusted, and what it costs.

    python -m benchmarks.second_opinion --data DATA [--only certainty,nothing]

DATA is laid out as docs/training.md says (or set MMSEARCH_TEST_DATA); only dev pictures are asked for, and of these
only captions that the bundled matcher was not calibrated on. Writes benchmarks/results/second-opinion.json after each
part; a part that was measured before on the same weights is kept. --quick measures little, to see that it runs.
"""

import argparse
import json
import os
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path

from benchmarks.machine import measured, measured_before, write_result
from benchmarks.opinion_cost import cached_against_plain, disk, latency
from benchmarks.opinion_phrases import nonsense, phrases
from benchmarks.opinion_quality import certainty, directions, fusion, negation, nothing
from benchmarks.opinion_shortlists import QUICK, Sizes, Subject
from benchmarks.opinion_table import rows
from benchmarks.pretraining_table import as_lines
from mmsearch.cli.progress import ProgressLine
from mmsearch.encoders.threads import let_waiting_threads_sleep

PARTS: Mapping[str, Callable[[Subject], object]] = {
    "directions": directions,
    "certainty": certainty,
    "fusion": fusion,
    "nothing": nothing,
    "negation": negation,
    "phrases": phrases,
    "nonsense": nonsense,
    "disk": disk,
    "latency": latency,
    "cached_against_plain": cached_against_plain,
}
COSTS = ("disk", "latency", "cached_against_plain")  # which no calibration changes


def main() -> None:
    """Measure what has not been measured, and write the JSON after each part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=os.environ.get("MMSEARCH_TEST_DATA"), help="data folder")
    parser.add_argument("--only", default=",".join(PARTS), help="parts, separated by commas")
    parser.add_argument("--quick", action="store_true", help="measure little, to see that it runs")
    parser.add_argument("--fresh", action="store_true", help="measure again what was measured before")
    options = parser.parse_args()
    if options.data is None:
        parser.error("say where the data are: --data, or MMSEARCH_TEST_DATA")
    if unknown := set(options.only.split(",")) - set(PARTS):
        parser.error(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    let_waiting_threads_sleep()
    name = "second-opinion-quick" if options.quick else "second-opinion"
    with closing(ProgressLine()) as progress:
        subject = Subject(Path(options.data), QUICK if options.quick else Sizes(), progress)
        run(subject, options.only.split(","), name, options.fresh)


def run(subject: Subject, asked: list[str], name: str, fresh: bool) -> None:
    """Measure the parts that are asked for and missing."""
    weights = {"encoder": subject.encoder.fingerprint, "weights": subject.matcher.tokens_as}
    judged = {"encoder": subject.encoder.fingerprint, "matcher": subject.matcher.fingerprint}
    of = {part: weights if part in COSTS else judged for part in PARTS}
    before = measured_before(name, of)
    parts = {part: found for part, found in before.items() if not (fresh and part in asked)}
    for part in asked:
        if part not in parts:
            print(f"=== {part}", flush=True)
            parts[part] = measured(partial(PARTS[part], subject), of[part])
            write_result(name, {"parts": parts})
        print(json.dumps(parts[part]["found"], indent=2, default=str)[:4000])
    print("\n".join(as_lines(list(rows(parts)))))


if __name__ == "__main__":
    main()
