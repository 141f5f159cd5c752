"""Looks for things by nouns that no training caption holds: does an encoder still know what only its towers knew?

    python -m benchmarks.nouns --data DATA [--encoder runs/towers/encoder] [--name nouns]

nouns.jsonl names the pictures that show each thing, listed by looking at all of them without asking any model; doubtful
ones are neither right nor wrong. The pictures are the bundled photographs and COCO dev. DATA is laid out as
docs/training.md says (or set MMSEARCH_TEST_DATA).
"""

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.machine import RESULTS, ROOT, write_result
from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.registry import BUNDLED_ENCODER, load_encoder
from mmsearch.evaluation.metrics import bootstrap_interval
from mmsearch.training.captions import LANGUAGES
from mmsearch.training.measure import image_vectors

NOUNS = Path(__file__).parent / "nouns.jsonl"
HEADS_ONLY = "nouns-heads-only"  # result of the encoder whose towers were never trained
_FOUND = 10  # ranks that count as found


@dataclass(frozen=True, slots=True)
class Noun:
    """A thing and the pictures that show it."""

    words: Mapping[str, str]  # by language
    right: frozenset[str]
    doubtful: frozenset[str]


def read_nouns() -> list[Noun]:
    """Return what is looked for."""
    rows = [json.loads(line) for line in NOUNS.read_text(encoding="utf8").splitlines()]
    return [
        Noun({each: row[each] for each in LANGUAGES}, frozenset(row["right"]), frozenset(row["doubtful"]))
        for row in rows
    ]


def gallery(data: Path) -> dict[str, Path]:
    """Return all pictures by the names that `nouns.jsonl` uses."""
    bundled = {f"photos/{path.name}": path for path in sorted((ROOT / "data" / "photos").iterdir())}
    coco = sorted((data / "coco" / "images" / "dev").iterdir())
    return bundled | {f"coco/images/dev/{path.name}": path for path in coco}


def first_rank(noun: Noun, names: Sequence[str], scores: Sequence[float]) -> int:
    """Return the rank, from 1, of the best picture that shows a noun."""
    best = max(score for name, score in zip(names, scores, strict=True) if name in noun.right)
    known = noun.right | noun.doubtful
    return 1 + sum(score > best for name, score in zip(names, scores, strict=True) if name not in known)


def measure(encoder: DualEncoder, data: Path) -> dict[str, object]:
    """Return the ranks of the first right picture of each noun, by language."""
    pictures, nouns = gallery(data), read_nouns()
    names, vectors = list(pictures), image_vectors(encoder, list(pictures.values()))
    found: dict[str, object] = {"nouns": len(nouns), "pictures": len(names)}
    for language in LANGUAGES:
        asked = [noun.words[language] for noun in nouns]
        scores = encoder.encode_texts(asked) @ vectors.T  # (nouns, pictures)
        ranks = [first_rank(noun, names, row.tolist()) for noun, row in zip(nouns, scores, strict=True)]
        hits = np.array([rank <= _FOUND for rank in ranks])
        found[language] = {
            "median_rank": float(np.median(ranks)),
            "among_the_first_10": float(hits.mean()),
            "interval": bootstrap_interval(hits, np.arange(len(hits))),
            "ranks": dict(zip(asked, ranks, strict=True)),
        }
    return found


def heads_only() -> dict[str, object] | None:
    """Return what was found with the encoder whose towers were never trained, None if it was not measured."""
    path = RESULTS / f"{HEADS_ONLY}.json"
    if not path.exists():
        return None
    result: dict[str, object] = json.loads(path.read_text(encoding="utf8"))["result"]["found"]
    return result


def main() -> None:
    """Measure an encoder and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MMSEARCH_TEST_DATA"), help="data folder")
    parser.add_argument("--encoder", default=str(BUNDLED_ENCODER), help="name or folder")
    parser.add_argument("--name", default="nouns", help="of the result file")
    options = parser.parse_args()
    if options.data is None:
        parser.error("say where the data are: --data, or MMSEARCH_TEST_DATA")
    encoder = load_encoder(options.encoder)
    found = measure(encoder, Path(options.data))
    print(write_result(options.name, {"fingerprint": encoder.fingerprint, "found": found}))


if __name__ == "__main__":
    main()
