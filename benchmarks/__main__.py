"""Runs every benchmark that needs no preparation: `MMSEARCH_TEST_DATA=… python -m benchmarks`."""

import os
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Run them all on an idle machine; return how many failed."""
    if "MMSEARCH_TEST_DATA" not in os.environ:
        sys.exit("Set MMSEARCH_TEST_DATA to the folder that holds flickr8k/ and coco/.")
    photos = Path(os.environ["MMSEARCH_TEST_DATA"]) / "flickr8k"
    runs = (
        ["encoder"],
        ["indexing"],
        ["scenes"],
        ["startup"],
        ["hostile"],
        ["kills", str(photos), "--include", "images/dev/**"],
    )
    failed = 0
    for name, *arguments in runs:
        print(f"=== {name}", flush=True)
        failed += subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *arguments], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
