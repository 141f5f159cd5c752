"""Measures the bundled re-ranker: pairs with picture tokens at hand, one picture's tokens, and what is kept of it.

    python -m benchmarks.matching [--matcher runs/matcher/matcher]

Pictures are drawn scenes, so no data are needed. Writes benchmarks/results/matching.json.
"""

import argparse

from benchmarks.machine import Timing, measure, write_result
from mmsearch.encoders.threads import let_waiting_threads_sleep
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.evidence import PictureTokens
from mmsearch.rerankers.registry import BUNDLED, load_reranker
from mmsearch.scenes import SceneGenerator

QUERIES = ("a dog on the beach", "两个人在踢足球", "three green apples to the left of a red car")
PAIRS = 16
SIDE, SEED = 256, 3  # of the scenes: pixels, and which ones


def pairs_speed(reranker: Reranker, pictures: PictureTokens) -> dict[str, object]:
    """Time one query against all pictures, as a search does, and as many different texts."""
    one: dict[str, Timing] = {}
    for query in QUERIES:
        one[query] = measure(lambda text=query: reranker.score([text] * len(pictures), pictures))  # type: ignore[misc]
    texts = [f"{QUERIES[i % len(QUERIES)]} {i}" for i in range(len(pictures))]
    return {
        "pairs": len(pictures),
        "one_query_seconds": one,
        "one_query_ms": 1000 * max(timing.median for timing in one.values()),  # of the slowest query
        "different_texts_seconds": measure(lambda: reranker.score(texts, pictures)),
    }


def kept_bytes(pictures: PictureTokens) -> float:
    """Return how many bytes are kept of a picture."""
    return (pictures.rows.nbytes + pictures.scale.nbytes + pictures.vectors.nbytes) / len(pictures)


def main() -> None:
    """Run it all and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--matcher", default=BUNDLED, help=f"a folder `matcher`, or {BUNDLED}")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--name", default="matching", help="of the result file")
    options = parser.parse_args()
    let_waiting_threads_sleep()  # as the app does
    reranker = load_reranker(options.matcher, device=options.device)
    images = [scene.picture for scene in SceneGenerator(SIDE, SEED).scenes(PAIRS)]
    pictures = PictureTokens.of(reranker.prepare(images))
    result = {
        "fingerprint": reranker.fingerprint,
        "matching": pairs_speed(reranker, pictures),
        "one_picture_seconds": measure(lambda: reranker.prepare(images[:1])),
        "pictures": {"count": PAIRS, "seconds": measure(lambda: reranker.prepare(images))},
        "tokens": {"shape": list(pictures.rows.shape[1:]), "bytes_a_picture": kept_bytes(pictures)},
    }
    print(write_result(options.name, result))


if __name__ == "__main__":
    main()
