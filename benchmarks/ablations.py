"""Measures what each part of pretraining is worth: trains without it, for equally many steps, and measures on dev.

    python -m benchmarks.ablations --data DATA --work runs/ablations

DATA is laid out as docs/training.md says (or set MMSEARCH_TEST_DATA). Trainings run one after the other, or several at
a time on a share of the threads each (--jobs); a stopped one goes on where it was. Writes each that is measured into
benchmarks/results/ablations.json; what is there of the same start and steps is not repeated.
"""

import argparse
import json
import os
import shutil
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import torch

from benchmarks.machine import measured, measured_before, write_result
from mmsearch.encoders.folder import fingerprint
from mmsearch.encoders.registry import BUNDLED_ENCODER, load_encoder
from mmsearch.encoders.threads import let_waiting_threads_sleep
from mmsearch.evaluation import as_dict
from mmsearch.evaluation.compose import compose_suite, encoder_scorer
from mmsearch.evaluation.scene_retrieval import retrieve_scenes
from mmsearch.training.peers import leave_with_parent
from mmsearch.training.pretrain import PRETRAIN_CONFIG, PretrainReport, pretrain

# What each training changes in the tables of the config, by dotted name; None takes a table out.
VARIANTS: Mapping[str, Mapping[str, Mapping[str, object] | None]] = {
    "full": {},
    "without ITM": {
        "pretraining.objectives": {"itm": 0.0, "ranking": 0.0, "drawn": 0.0, "places": 0.0, "centres": 0.0}
    },
    "without MLM": {"pretraining.objectives": {"mlm": 0.0}},
    "without distillation": {"pretraining.objectives": {"belief": 0.0}},
    "without scenes": {"scenes": None},
    "without class names": {"classes": None},
    "frozen towers": {"pretraining": {"image_rate": 0.0, "text_rate": 0.0}},
}
# What all of them change: a short run warms up quickly, and learns everything at once, so that each can be left out.
SHORT: Mapping[str, Mapping[str, object]] = {
    "pretraining": {"warm_up": 20, "fusion_rate": 1e-4, "new_rate": 4e-4, "start_share": 0.0},
    "pretraining.objectives": {
        "itm": 1.0, "ranking": 2.0, "drawn": 1.0, "mlm": 0.5, "places": 1.0, "centres": 6.0,
        "alone": 25, "hardening": 50,
    },
    "photos": {"batch": 16},
    "scenes": {"batch": 32},
}  # fmt: skip
STEPS = 150  # about half an hour of the full variant on one core without AMX
STEPS_AN_EPOCH = 25  # a checkpoint is written after each
CASES, SCENES = 20, 300  # of the compose suite: scenes of each kind and split, and to find one among
_Config = dict[str, Any]


def changed(config: _Config, changes: Mapping[str, Mapping[str, object] | None]) -> _Config:
    """Return a config with some keys of some tables set anew, or without these tables."""
    result: _Config = json.loads(json.dumps(config))
    for name, values in changes.items():
        *above, last = name.split(".")
        table = result
        for key in above:
            table = table.setdefault(key, {})
        if values is None:
            table.pop(last, None)
        else:
            table.setdefault(last, {}).update(values)
    return result


def as_toml(config: _Config, prefix: str = "") -> str:
    """Return a config as TOML: plain keys first, then tables and arrays of tables."""
    lines = [f"{key} = {json.dumps(value, ensure_ascii=False)}" for key, value in config.items() if not _tables(value)]
    for key, value in config.items():
        for table in _tables(value):
            head = f"[[{prefix}{key}]]" if isinstance(value, list) else f"[{prefix}{key}]"
            lines += ["", head, as_toml(table, f"{prefix}{key}.")]
    return "\n".join(lines)


def _tables(value: object) -> list[_Config]:
    if isinstance(value, dict):
        return [value]
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def train(name: str, options: argparse.Namespace, folder: Path) -> PretrainReport:
    """Train one variant, or go on with it."""
    folder.mkdir(parents=True, exist_ok=True)
    per_epoch = min(STEPS_AN_EPOCH, options.steps)
    length = {"pretraining": {"steps": per_epoch, "epochs": options.steps // per_epoch}}
    config = tomllib.loads(options.config.read_text(encoding="utf8"))
    for changes in (SHORT, VARIANTS[name], length):
        config = changed(config, changes)
    path = folder / "config.toml"
    path.write_text(as_toml(config) + "\n", encoding="utf8")
    return pretrain(
        path,
        options.data,
        folder,
        options.start,
        calibrate=False,
        progress=lambda told: print(name, told, flush=True),
    )


def share_prepared(source: Path, target: Path) -> None:
    """Link what only depends on the data, so that photographs are decoded and classified once."""
    target.mkdir(parents=True, exist_ok=True)
    for path in (*source.glob("photos-*.npy"), *source.glob("beliefs-*")):
        if not (target / path.name).exists():
            (shutil.copytree if path.is_dir() else shutil.copy2)(path, target / path.name)


def judged(report: PretrainReport) -> dict[str, object]:
    """Measure a trained encoder on dev pictures and drawn scenes; shares lie in 0…1.

    The matcher is not measured: after so few steps it tells pairs no better than a coin.
    """
    encoder = load_encoder(str(report.folder), device="auto")
    pairs = compose_suite(encoder_scorer(encoder), scorer="encoder", count=CASES)
    scenes = retrieve_scenes(encoder, scenes=SCENES)
    return {
        "loss": report.loss,
        "epoch_seconds": report.epoch_seconds,
        "dev": [as_dict(each) for each in report.recall],
        "scenes_recall_at_1": {
            f"{each.detail} {each.language}": each.encoder.text_to_image.recall_at_1 for each in scenes
        },
        "pairs": {
            "encoder": {
                "overall": pairs.overall.accuracy,
                "worst": pairs.worst.accuracy,
                "kinds": {str(each.kind): each.accuracy for each in pairs.kinds},
            }
        },
    }


def identity(options: argparse.Namespace) -> dict[str, object]:
    """Return what the variants depend on."""
    return {"start": fingerprint(options.start), "steps": options.steps, "short": SHORT, "changes": VARIANTS}


def folder_of(name: str, work: Path) -> Path:
    """Return where a variant is trained."""
    return work / name.lower().replace(" ", "-")


def run(name: str, options: argparse.Namespace) -> dict[str, object]:
    """Train a variant and return what it came to, as a part of the result."""
    folder = folder_of(name, options.work)
    if options.prepared:
        share_prepared(options.prepared, folder)
    return measured(lambda: judged(train(name, options, folder)), identity(options))


def alone(name: str, options: argparse.Namespace, threads: int) -> dict[str, object]:
    """Do `run` in a process of its own."""
    let_waiting_threads_sleep()
    torch.set_num_threads(threads)
    return run(name, options)


def runs(names: Sequence[str], options: argparse.Namespace) -> Iterator[tuple[str, dict[str, object]]]:
    """Yield what each variant came to, as they end; the first prepares what the others use too."""
    left = list(names)
    if left and not options.prepared:
        first = left.pop(0)
        yield first, run(first, options)
        options.prepared = folder_of(first, options.work)
    threads = max(1, torch.get_num_threads() // options.jobs)
    with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn"), initializer=leave_with_parent) as pool:
        waiting = {pool.submit(alone, name, options, threads): name for name in left}
        for done in as_completed(waiting):
            yield waiting[done], done.result()


def summary(results: Mapping[str, Mapping[str, Any]]) -> Sequence[str]:
    """Return a line for each variant: recall at 1 on the dev sets, and the encoder's pairs."""
    lines = []
    for name, result in results.items():
        dev = [
            f"{each['dataset']} {each['language']} {100 * each['text_to_image']['recall_at_1']:.1f}"
            for each in result["dev"]
        ]
        lines.append(f"{name}: {', '.join(dev)}; pairs {100 * result['pairs']['encoder']['overall']:.1f}")
    return lines


def main() -> None:
    """Train and measure the variants; the JSON is written anew after each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MMSEARCH_TEST_DATA"), help="data folder")
    parser.add_argument("--work", type=Path, required=True, help="folder of the trainings")
    parser.add_argument("--start", type=Path, default=BUNDLED_ENCODER, help="folder of the encoder to start from")
    parser.add_argument("--prepared", type=Path, help="output folder of a run over the same photographs, to save time")
    parser.add_argument("--config", type=Path, default=PRETRAIN_CONFIG)
    parser.add_argument("--steps", type=int, default=STEPS)
    parser.add_argument("--variant", action="append", choices=VARIANTS, help="only this one; repeatable")
    parser.add_argument("--jobs", type=int, default=1, help="variants that are trained at a time")
    parser.add_argument("--name", default="ablations", help="of the result file")
    options = parser.parse_args()
    if options.data is None:
        parser.error("say where the data are: --data, or MMSEARCH_TEST_DATA")
    options.data = Path(options.data)
    let_waiting_threads_sleep()
    found = measured_before(options.name, dict.fromkeys(VARIANTS, identity(options)))
    for name, result in runs([name for name in options.variant or VARIANTS if name not in found], options):
        found[name] = result
        write_result(options.name, {"parts": {name: found[name] for name in VARIANTS if name in found}})
    print("\n".join(summary({name: each["found"] for name, each in found.items()})))


if __name__ == "__main__":
    main()
