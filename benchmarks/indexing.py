"""How fast folders are indexed, what the second opinion adds to that, how much a second run costs, and recall.

MMSEARCH_TEST_DATA=… python -m benchmarks.indexing
"""

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from benchmarks.machine import measure, write_result
from mmsearch.engine import Engine, Settings
from mmsearch.engine.samples import Samples
from mmsearch.evaluation import as_dict, as_table

DATASETS = {"flickr8k_dev": "flickr8k", "coco_dev": "coco"}
LANGUAGES = ("en", "zh")


def main() -> None:
    """Measure, print and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=20)
    parser.add_argument("--pictures", type=int, default=250, help="in each repeat of the speed measurement")
    options = parser.parse_args()
    if "MMSEARCH_TEST_DATA" not in os.environ:
        sys.exit("Set MMSEARCH_TEST_DATA to the folder that holds flickr8k/ and coco/.")
    data = Path(os.environ["MMSEARCH_TEST_DATA"])
    result: dict[str, object] = {
        "speed": speed(data / "flickr8k" / "images" / "dev", options.pictures, options.repeats)
    }
    for name, folder in DATASETS.items():
        result[name] = whole(data / folder)
    print("Wrote", write_result("indexing", result))


def speed(folder: Path, pictures: int, repeats: int) -> dict[str, object]:
    """Index the same pictures again and again, each time into a new home, with the models loaded before.

    In turn with what the second opinion needs of the pictures, as usual, and without.
    """
    with tempfile.TemporaryDirectory() as scratch:
        photos = Path(scratch) / "photos"
        photos.mkdir()
        for path in sorted(folder.glob("*.jpg"))[:pictures]:
            (photos / path.name).write_bytes(path.read_bytes())
        runs = [
            [_index_anew(photos, Path(scratch) / f"{reranker}{i}", reranker) for reranker in ("bundled", "none")]
            for i in range(repeats + 1)
        ][1:]
    seconds, alone = ([run[side] for run in runs] for side in (0, 1))
    rate = round(pictures / median(seconds), 1)
    times = round(median(usual / bare for usual, bare in runs), 3)
    print(
        f"{rate} pictures/s indexed ({pictures} pictures, median of {repeats}), {times} times what vectors alone take"
    )
    return {
        "pictures": pictures, "repeats": repeats, "seconds": seconds, "pictures_per_second": rate,
        "seconds_vectors_alone": alone, "times_vectors_alone": times,
    }  # fmt: skip


def _index_anew(photos: Path, home: Path, reranker: str) -> float:
    with _engine(home, reranker) as engine:
        return _timed(lambda: engine.index(photos))


def whole(folder: Path) -> dict[str, object]:
    """Index the dev pictures of a captioned folder, run again, and evaluate what is stored."""
    with tempfile.TemporaryDirectory() as home, _engine(Path(home)) as engine:
        first = _timed(lambda: engine.index(folder, include=["images/dev/**"]))
        again = measure(lambda: engine.index(folder, include=["images/dev/**"]), repeats=5, warm_up=1)
        (info,) = engine.collections()
        reports = {language: engine.evaluate_collection("library", language=language) for language in LANGUAGES}
    print(
        f"{folder.name} dev: {info.pictures} pictures, {info.texts} texts in {first:.1f} s; again {again.median:.2f} s"
    )
    for report in reports.values():
        print(as_table(report))
    return {
        "pictures": info.pictures,
        "texts": info.texts,
        "seconds": first,
        "second_run": again,
        "recall": {language: as_dict(report) for language, report in reports.items()},
    }


def _engine(home: Path, reranker: str = "bundled") -> Engine:
    """Return an engine that is warm and has no bundled collection."""
    engine = Engine(Settings(home=home, reranker=reranker), Samples(home / "none", home / "none"))
    engine.warm_up()
    return engine


def _timed(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
