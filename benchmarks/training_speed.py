"""Measures steps of pretraining: pictures a second of towers and matcher, by number type, accumulation and threads.

    python -m benchmarks.training_speed --data DATA

DATA is laid out as docs/training.md says (or set MMSEARCH_TEST_DATA). Class names are left out: what the classifier
says is worked out once, before the steps. Writes benchmarks/results/training-speed.json.
"""

import argparse
import os
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from benchmarks.machine import Timing, measure, write_result
from mmsearch.encoders.registry import BUNDLED_ENCODER
from mmsearch.encoders.threads import let_waiting_threads_sleep
from mmsearch.nets.dual_network import load_network, towers_dtype
from mmsearch.nets.matcher_network import MatcherNetwork, set_matcher_precision
from mmsearch.scenes import Allow, SceneGenerator, standard_held_out
from mmsearch.training.batches import BatchSource, PhotoBatches, SceneBatches
from mmsearch.training.captions import read_pictures
from mmsearch.training.config import PretrainConfig, read_pretrain_config
from mmsearch.training.heap import keep_freed_memory
from mmsearch.training.pretrain import MATCHER_CONFIG, PRETRAIN_CONFIG
from mmsearch.training.pretrain_loop import PretrainLoop

PHOTOS = 256  # photographs that the batches are drawn from


@dataclass(frozen=True)
class Case:
    """What differs from training as it is."""

    matcher: bool = False  # train that instead of the towers
    again: bool = False  # batches that frozen towers have seen before; False: new ones, whatever the config says
    exact: bool = False  # float32 instead of what the machine is good at
    parts: int = 1  # batches whose gradients are summed for one update, of as many pictures together
    threads: int | None = None  # None: as many as torch takes


CASES = {
    "towers": Case(),
    "towers, float32": Case(exact=True),
    "towers, four batches an update": Case(parts=4),
    "towers, one thread": Case(threads=1),
    "matcher": Case(matcher=True),
    "matcher, float32": Case(matcher=True, exact=True),
    "matcher, one thread": Case(matcher=True, threads=1),
    "matcher, batches seen before": Case(matcher=True, again=True),
}


def sources(config: PretrainConfig, case: Case, data: Path, folder: Path) -> list[BatchSource]:
    """Return where a step's batches come from: photographs and scenes."""
    first, repeat = config.datasets[0], (len(config.scenes.sides) if config.scenes else 1) if case.again else 0
    pictures = read_pictures(data, first, first.splits)[:PHOTOS]
    found: list[BatchSource] = [
        PhotoBatches(pictures, config.photos.side, config.photos.batch // case.parts, 0, folder, repeat=repeat)
    ]
    if config.scenes:
        generators = [
            SceneGenerator(side, config.scenes.seed, standard_held_out(), Allow.SEEN) for side in config.scenes.sides
        ]
        found.append(SceneBatches(generators, config.scenes.batch // case.parts, config.scenes.foils, repeat))
    return found


def loop_of(config: PretrainConfig, case: Case, start: Path, drawn: list[BatchSource]) -> PretrainLoop:
    """Return a loop whose epochs are one turn of the sizes of scenes."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    dtype = torch.float32 if case.exact else towers_dtype(device)
    dual = load_network(start, device, dtype)
    network = MatcherNetwork(dual, config.matcher).to(device)
    network.fusion.start_from(dual.text)
    steps = len(config.scenes.sides) if config.scenes else 1
    settings = replace(config.pretraining, steps=steps, accumulate=case.parts)
    return PretrainLoop(set_matcher_precision(network, dtype), drawn, settings)


def speed(case: Case, start: Path, data: Path, repeats: int) -> dict[str, object]:
    """Time epochs of a few steps, drawing of the batches included."""
    config = read_pretrain_config(MATCHER_CONFIG if case.matcher else PRETRAIN_CONFIG)
    usual = torch.get_num_threads()
    torch.set_num_threads(case.threads or usual)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            drawn = sources(config, case, data, Path(scratch))
            loop = loop_of(config, case, start, drawn)
            timing: Timing = measure(loop.run_epoch, repeats=repeats, warm_up=1)
    finally:
        torch.set_num_threads(usual)
    pictures = loop.settings.steps * (config.photos.batch + (config.scenes.batch if config.scenes else 0))
    return {
        "threads": case.threads or usual,
        "type": "float32" if case.exact else str(loop.network.dual.image.stem.weight.dtype).removeprefix("torch."),
        "pixels": {"photos": config.photos.side, "scenes": config.scenes.sides if config.scenes else ()},
        "batches_an_update": len(drawn) * case.parts,
        "steps": loop.settings.steps,
        "pictures": pictures,
        "seconds": timing,
        "pictures_per_second": pictures / timing.median,
        "losses": sorted(loop.parts()),
    }


def main() -> None:
    """Measure every case and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MMSEARCH_TEST_DATA"), help="data folder")
    parser.add_argument("--start", type=Path, default=BUNDLED_ENCODER, help="folder of the encoder to start from")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--case", action="append", choices=CASES, help="only this one; repeatable")
    parser.add_argument("--name", default="training-speed", help="of the result file")
    options = parser.parse_args()
    if options.data is None:
        parser.error("say where the data are: --data, or MMSEARCH_TEST_DATA")
    let_waiting_threads_sleep()
    keep_freed_memory()
    result = {}
    for name in options.case or CASES:
        result[name] = speed(CASES[name], options.start, Path(options.data), options.repeats)
        print(f"{name}: {result[name]['pictures_per_second']:.1f} pictures a second", flush=True)
    print(write_result(options.name, {"cases": result}))


if __name__ == "__main__":
    main()
