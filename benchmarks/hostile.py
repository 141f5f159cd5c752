"""Indexes hostile and mutated files among sound ones: nothing should be lost, and nothing hang.

python -m benchmarks.hostile [--count 500] [--seed 0]
"""

import argparse
import resource
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from benchmarks.hostile_files import Made, make_files
from benchmarks.machine import write_result
from mmsearch.collection import parse_reason, scan
from mmsearch.engine import Engine, Settings
from mmsearch.indexing.reading import FileReader
from mmsearch.types import RunReport


def main() -> None:
    """Make the files, index them, account for each, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "files"
        made = make_files(folder, options.count, options.seed)
        with Engine(Settings(home=Path(scratch) / "home")) as engine:
            report = engine.index(folder, collection="hostile")
        states = file_states(Path(scratch) / "home")
        slowest = _slowest(folder, Settings().max_pixels, Settings().max_seconds)
    result = account(made, report, states) | {
        "files": options.count,
        "seconds": round(report.seconds, 1),
        "slowest file": {"name": ascii(slowest[0]), "seconds": round(slowest[1], 3)},
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1000,
    }
    print("\n".join(f"{name}: {value}" for name, value in result.items()))
    write_result("hostile", result)
    sys.exit(bool(report.state != "done" or result["lost"] or result["good ones lost"] or result["unknown reasons"]))


def file_states(home: Path) -> dict[str, str]:
    """Return what the database says of every file, by path: done or skipped."""
    with closing(sqlite3.connect(home / "mmsearch.db")) as database:
        return dict(database.execute("SELECT path, state FROM files"))


def account(made: Made, report: RunReport, states: Mapping[str, str]) -> dict[str, object]:
    """Return what became of the files; `lost` are those neither indexed nor skipped with a reason.

    Args:
        made: What was written.
        report: Of the run that indexed it.
        states: What the database says of the files.
    """
    told = {skip.path for skip in report.skips}
    indexed = {path for path, state in states.items() if state == "done"}
    reasons = Counter(parsed[0].name if (parsed := parse_reason(skip.reason)) else skip.reason for skip in report.skips)
    unknown = [skip.reason for skip in report.skips if parse_reason(skip.reason) is None]
    return {
        "state": report.state,
        "good ones lost": [path for path in made.good if path not in indexed],
        "hostile": len(made.hostile),
        "hostile indexed": sum(path in indexed for path in made.hostile),
        "hostile skipped": sum(path in told - indexed for path in made.hostile),
        "lost": [path for path in made.hostile if path not in indexed | told],
        "reasons": dict(reasons.most_common()),
        "unknown reasons": unknown,
    }


def _slowest(folder: Path, max_pixels: int, max_seconds: float) -> tuple[str, float]:
    """Read every file by itself; return the one that took longest, and how long."""
    reader = FileReader(folder, 260, max_pixels, set(), max_seconds)
    taken = {}
    for found in scan(folder).files:
        start = time.perf_counter()
        reader.read(found, None)
        taken[found.path] = time.perf_counter() - start
    return max(taken.items(), key=lambda pair: pair[1])


if __name__ == "__main__":
    main()
