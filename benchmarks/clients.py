"""How long searches take while many visitors search and a folder is indexed, all in one app.

    MMSEARCH_TEST_DATA=… python -m benchmarks.clients [--clients 20] [--seconds 120] [--files 2000] [--pause 1]

Each client asks through the app's own API, looks at its answer for about `pause` seconds, and asks again. Indexing
starts with the first search; answers that came while it went on are reported apart.
"""

import argparse
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from gradio_client import Client

from benchmarks.machine import ROOT, write_result
from benchmarks.startup import free_port, wait_for

QUERIES = (
    "a cat and a computer",
    "red lighthouse",
    "people on a beach",
    "a bowl of soup",
    "a train in the snow",
    "two dogs",
    "mountains at sunset",
    "一杯咖啡",
    "雨中的女人",
    "沙漠",
    "街上的公共汽车",
    "吃草的马",
)


@dataclass(slots=True)
class Tally:
    """What the clients saw."""

    answers: list[tuple[float, float]] = field(default_factory=list)  # (when it was asked, seconds it took)
    errors: list[str] = field(default_factory=list)


def main() -> None:
    """Serve, index, search from many threads, and write the result."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clients", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=120)
    parser.add_argument("--files", type=int, default=2000)
    parser.add_argument("--pause", type=float, default=1.0, help="mean seconds between an answer and the next question")
    asked = parser.parse_args()
    if "MMSEARCH_TEST_DATA" not in os.environ:
        sys.exit("Set MMSEARCH_TEST_DATA to the folder that holds flickr8k/.")
    with tempfile.TemporaryDirectory() as scratch:
        folder = _folder(Path(scratch) / "pictures", asked.files)
        port = free_port()
        process = _serve(Path(scratch) / "home", port)
        try:
            result = _run(f"http://127.0.0.1:{port}/", folder, asked)
        finally:
            process.terminate()
            process.wait(20)
    print(json.dumps(result, indent=2))
    write_result("clients", result)
    sys.exit(bool(result["errors"]))


def _folder(target: Path, files: int) -> Path:
    """Copy the first pictures of Flickr8k."""
    target.mkdir()
    pictures = sorted((Path(os.environ["MMSEARCH_TEST_DATA"]) / "flickr8k" / "images").rglob("*.jpg"))
    for picture in pictures[:files]:
        shutil.copy(picture, target)
    return target


def _serve(home: Path, port: int) -> "subprocess.Popen[bytes]":
    environ = os.environ | {"MMSEARCH_HOME": str(home), "GRADIO_SERVER_PORT": str(port), "CI": "1"}
    process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    wait_for(f"http://127.0.0.1:{port}/")
    return process


def _run(url: str, folder: Path, asked: argparse.Namespace) -> dict[str, object]:
    """Let every client search until the time is over."""
    clients = [Client(url, verbose=False) for _ in range(asked.clients)]
    _ask(clients[0], QUERIES[0])  # loads the encoder
    tally, began = Tally(), time.monotonic()
    until = began + asked.seconds
    _call(clients[0], "/index_folder", str(folder), "library")
    with ThreadPoolExecutor(asked.clients + 1) as pool:
        indexed = pool.submit(_wait_until_indexed, Client(url, verbose=False), until)
        list(pool.map(lambda seed: _search(clients[seed], seed, until, asked.pause, tally), range(asked.clients)))
        end = indexed.result()
    return {
        "clients": asked.clients,
        "pause_seconds": asked.pause,
        "files": asked.files,
        "indexed": (_call(clients[0], "/progress")["report"] or {}).get("added"),
        "indexing_seconds": round(end - began, 1),
        "searches": len(tally.answers),
        "errors": tally.errors,
        "while_indexing": _summary([seconds for at, seconds in tally.answers if at < end]),
        "afterwards": _summary([seconds for at, seconds in tally.answers if at >= end]),
    }


def _search(client: Client, seed: int, until: float, pause: float, tally: Tally) -> None:
    """Ask, look, and ask again until the time is over."""
    chance = random.Random(seed)
    while time.monotonic() < until:
        time.sleep(chance.uniform(0, 2 * pause))
        asked = time.monotonic()
        try:
            _ask(client, chance.choice(QUERIES))
        except Exception as error:
            tally.errors.append(f"{type(error).__name__}: {error}")
        else:
            tally.answers.append((asked, time.monotonic() - asked))


def _ask(client: Client, words: str) -> None:
    answer = _call(client, "/search", words, None, "image", 60, "samples")
    if not answer["hits"]:
        raise RuntimeError(f"{words!r} found nothing.")


def _call(client: Client, endpoint: str, *given: object) -> dict[str, Any]:
    """Call an endpoint of the app; a problem that it tells is an error here."""
    answer: dict[str, Any] = client.predict(*given, api_name=endpoint)
    if "kind" in answer and "problem" in answer:
        raise RuntimeError(answer["problem"])
    return answer


def _wait_until_indexed(client: Client, until: float) -> float:
    """Return when indexing was over, or when the time was."""
    while time.monotonic() < until and _call(client, "/progress")["state"] in ("running", "stopping"):
        time.sleep(0.5)
    return time.monotonic()


def _summary(seconds: list[float]) -> dict[str, float]:
    """Return how many answers there were and how long they took: half and 95 in 100 of them were quicker."""
    if len(seconds) < 2:
        return {"searches": len(seconds)}
    return {
        "searches": len(seconds),
        "p50_seconds": round(median(seconds), 4),
        "p95_seconds": round(quantiles(seconds, n=20, method="inclusive")[-1], 4),
        "longest_seconds": round(max(seconds), 4),
    }


if __name__ == "__main__":
    main()
