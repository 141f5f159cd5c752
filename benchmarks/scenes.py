"""Measures how fast scenes are drawn and described, on one core.

    python -m benchmarks.scenes [--count 2000]

Writes benchmarks/results/scenes.json.
"""

import argparse
import time
from collections.abc import Callable, Iterable

from benchmarks.machine import write_result
from mmsearch.scenes import Allow, FoilKind, SceneGenerator, standard_held_out, vocabulary

SIDES = (224, 96, 512)  # the first also pays for what all share
KINDS = tuple(FoilKind)


def rate(count: int, draw: Callable[[int], Iterable[object]]) -> float:
    """Return how many scenes a second `draw(count)` yields."""
    start = time.perf_counter()
    drawn = sum(1 for _ in draw(count))
    return round(drawn / (time.perf_counter() - start), 1)


def with_foils(generator: SceneGenerator, count: int) -> Iterable[object]:
    """Yield scenes, kinds in turn, each with its foil in one language."""
    for index in range(count):
        kind = KINDS[index % len(KINDS)]
        scene = generator.scene(index, kind=kind)
        yield scene, generator.foil(scene, kind, ("en", "zh")[index % 2])


def speeds(side: int, count: int) -> dict[str, float]:
    """Return scenes a second at one size: the first ones, which fill the caches, then the others."""
    generator = SceneGenerator(side=side, seed=1)
    found = {"first_500": rate(500, generator.scenes)}
    found["unique_captions"] = rate(count, lambda count: generator.scenes(count, start=10_000))
    found["with_foil"] = rate(count, lambda count: with_foils(generator, count))
    seen = SceneGenerator(side=side, seed=1, held_out=standard_held_out(), allow=Allow.SEEN)
    found["seen_only"] = rate(count, lambda count: map(seen.scene, range(20_000, 20_000 + count)))
    return found


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="scenes for each figure but the first")
    count = parser.parse_args().count
    start = time.perf_counter()
    SceneGenerator(side=32).scene(0)
    ready = round(time.perf_counter() - start, 3)
    found = {str(side): speeds(side, count) for side in SIDES}
    result = {"things": len(vocabulary()), "count": count, "seconds_to_first_scene": ready, "scenes_per_second": found}
    print(result)
    print(write_result("scenes", result))


if __name__ == "__main__":
    main()
