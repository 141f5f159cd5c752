"""Measures the bundled encoder: speed, load time and recall.

    python -m benchmarks.encoder --data DATA

DATA is laid out as docs/training.md says (or set MMSEARCH_TEST_DATA). Writes benchmarks/results/encoder.json.
"""

import argparse
import io
import itertools
import os
import subprocess
import sys
from pathlib import Path
from statistics import median

from PIL import Image

from benchmarks.machine import ROOT, Timing, measure, write_result
from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.registry import load_encoder
from mmsearch.evaluation import as_dict
from mmsearch.training.config import read_config
from mmsearch.training.measure import measure as measure_recall
from mmsearch.training.measure import read_dev_sets
from mmsearch.training.run import BUNDLED_CONFIG

QUERIES = (
    "a dog on the beach",
    "两个人在踢足球",
    "green apples in a bowl",
    "厨房",
    "a man riding a motorcycle at night",
)
BATCH = 16  # small pictures a call
LOAD = """
import time; start = time.perf_counter()
import torch; imported = time.perf_counter()
from mmsearch.encoders.registry import load_encoder
encoder = load_encoder("bundled", device="cpu"); loaded = time.perf_counter()
encoder.encode_texts(["a dog"]); first = time.perf_counter()
print(imported - start, loaded - imported, first - loaded)
"""


def load_times(runs: int = 20) -> dict[str, float]:
    """Return median seconds in fresh processes: import torch, load the encoder, encode the first text."""
    rows = []
    for _ in range(runs):
        done = subprocess.run([sys.executable, "-c", LOAD], capture_output=True, text=True, check=True, cwd=ROOT)
        rows.append([float(x) for x in done.stdout.split()])
    names = ("import_torch", "load_encoder", "first_text")
    return {name: median(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)} | {"runs": runs}


def text_speed(encoder: DualEncoder) -> dict[str, object]:
    """Time one query at a time."""
    queries: dict[str, Timing] = {}
    for query in QUERIES:
        queries[query] = measure(lambda text=query: encoder.encode_texts([text]))  # type: ignore[misc]
    return {"queries_seconds": queries, "median_ms": 1000 * median(each.median for each in queries.values())}


def picture_speed(encoder: DualEncoder, data: Path) -> dict[str, object]:
    """Time batches of COCO dev photographs (short side 256 pixels), opened before or as JPEG files."""
    files = [path.read_bytes() for path in sorted((data / "coco" / "images" / "dev").glob("*.jpg"))[:160]]
    batches = [files[i : i + BATCH] for i in range(0, len(files), BATCH)]
    parts = itertools.cycle(batches)
    opened = itertools.cycle([[Image.open(io.BytesIO(raw)).convert("RGB") for raw in batch] for batch in batches])
    one = next(opened)[:1]
    single = measure(lambda: encoder.encode_images(one))
    encode = measure(lambda: encoder.encode_images(next(opened)))
    both = measure(lambda: encoder.encode_images([Image.open(io.BytesIO(raw)) for raw in next(parts)]))
    return {
        "one_picture_seconds": single,
        "batch": BATCH,
        "encode_seconds": encode,
        "encode_images_per_second": BATCH / encode.median,
        "decode_and_encode_seconds": both,
        "decode_and_encode_images_per_second": BATCH / both.median,
    }


def recall(encoder: DualEncoder, data: Path) -> list[dict[str, object]]:
    """Measure the folder on the dev sets of its config."""
    sets = read_dev_sets(data, read_config(BUNDLED_CONFIG).datasets)
    return [as_dict(report) for dev in sets for report in measure_recall(encoder, dev)]


def main() -> None:
    """Run it all and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MMSEARCH_TEST_DATA"), help="data folder")
    parser.add_argument("--name", default="encoder", help="of the result file")
    parser.add_argument("--no-recall", action="store_true", help="measure speed alone")
    options = parser.parse_args()
    if options.data is None:
        parser.error("say where the data are: --data, or MMSEARCH_TEST_DATA")
    data, encoder = Path(options.data), load_encoder("bundled", device="cpu")
    speed = {"text": text_speed(encoder), "pictures": picture_speed(encoder, data), "load_seconds": load_times()}
    result: dict[str, object] = {"fingerprint": encoder.fingerprint, **speed}
    if not options.no_recall:
        result["recall"] = recall(encoder, data)
    print(write_result(options.name, result))


if __name__ == "__main__":
    main()
