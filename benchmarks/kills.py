"""Kills the indexer ten times at random moments and counts what is lost or doubled: nothing should be.

python -m benchmarks.kills FOLDER
"""

import argparse
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import write_result
from mmsearch.engine import Engine, Settings

KILLS = 10


def main() -> None:
    """Kill, resume, count, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="of pictures, each with at least one caption or none")
    parser.add_argument("--include", default="**")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        homes = {name: Path(scratch) / name for name in ("killed", "undisturbed")}
        moments = _kill(homes["killed"], options)
        for home in homes.values():
            subprocess.run(_command(home, options), check=True, capture_output=True)
        found = {name: _count(home) for name, home in homes.items()}
    same = found["killed"] == found["undisturbed"]
    print(f"{KILLS} kills after {[round(moment, 1) for moment in moments]} s; {found}")
    print("Nothing lost, nothing doubled." if same else "The killed run differs!")
    write_result("kills", {"seconds_until_kill": moments, "found": found, "same": same})
    sys.exit(not same)


def _kill(home: Path, options: argparse.Namespace) -> list[float]:
    """Start the indexer and kill it, ten times; return after how many seconds each."""
    chance = random.Random(options.seed)
    moments = []
    for _ in range(KILLS):
        moment = chance.uniform(1.0, 7.0)
        process = subprocess.Popen(_command(home, options), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(moment)
        process.send_signal(signal.SIGKILL)
        process.wait()
        moments.append(moment)
    return moments


def _command(home: Path, options: argparse.Namespace) -> list[str]:
    folder = str(options.folder)
    code = (
        "import sys; from pathlib import Path; from mmsearch.engine import Settings, open_engine;"
        "engine = open_engine(Settings(home=Path(sys.argv[1])));"
        "engine.index(sys.argv[2], include=[sys.argv[3]]); engine.close()"
    )
    return [sys.executable, "-c", code, str(home), folder, options.include]


def _count(home: Path) -> dict[str, int]:
    """Count rows, what is distinct among them, and what the vector index holds."""
    database = sqlite3.connect(home / "mmsearch.db")
    counts = {
        name: database.execute(query).fetchone()[0]
        for name, query in {
            "files": "SELECT count(*) FROM files",
            "items": "SELECT count(*) FROM items",
            "distinct contents": "SELECT count(DISTINCT key) FROM items",
            "texts": "SELECT count(*) FROM texts",
            "vectors of pictures": "SELECT count(*) FROM embeddings WHERE modality = 'image'",
            "vectors of texts": "SELECT count(*) FROM embeddings WHERE modality = 'text'",
            "vectors without owner": "SELECT count(*) FROM embeddings e WHERE modality = 'image' AND NOT EXISTS"
            " (SELECT 1 FROM items WHERE id = e.owner_id)",
        }.items()
    }
    database.close()
    with Engine(Settings(home=home)) as engine:
        counts["found by one search for all"] = len(engine.search("a photo", collection="library", k=1000))
    return counts


if __name__ == "__main__":
    main()
