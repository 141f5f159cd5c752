"""Measures learners of the alignment laboratory on the frozen towers that the bundled encoder stands on.

    python -m benchmarks.alignment_towers --work runs/towers [--methods contrastive …]

EfficientNet-Lite2 and multilingual-e5-small, pooled features, Flickr8k with its captions in English and Chinese at
once: fitted on the training split, measured on dev in each language. Needs MMSEARCH_TEST_DATA with flickr8k/, and the
packages of `pip install -e '.[train]'`. Features are kept in the work folder. Writes
benchmarks/results/alignment-towers.json after each learner; what is there already is kept.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.alignment import FLICKR, recall_both_ways
from benchmarks.machine import measured, measured_before, write_result
from mmsearch.nets.dual_network import set_precision, towers_dtype
from mmsearch.training.captions import LANGUAGES, CaptionedPicture, read_pictures
from mmsearch.training.config import read_config
from mmsearch.training.pairs import TowerFeatures
from mmsearch.training.run import BUNDLED_CONFIG
from mmsearch.training.towers import load_towers

NAME = "alignment-towers"
LEARNERS = ("cca", "kernel-cca", "contrastive", "autoencoder", "graph", "ensemble")
VIEW = "as it is"


class Split:
    """Features of the pictures of a split and of their captions, one language after the other."""

    def __init__(self, features: TowerFeatures, name: str, pictures: Sequence[CaptionedPicture]) -> None:
        self.image: NDArray[np.float32] = features.images(name, [each.path for each in pictures], VIEW).numpy()
        said = [(i, text, of) for of in LANGUAGES for i, each in enumerate(pictures) for text in each.texts[of]]
        self.text: NDArray[np.float32] = features.texts([text for _, text, _ in said]).numpy()
        self.owner = np.array([i for i, _, _ in said])
        self.language = np.array([of for _, _, of in said])


def splits(data: Path, work: Path) -> tuple[Split, Split]:
    """Return the training split and dev, encoding only what the work folder lacks."""
    config = read_config(BUNDLED_CONFIG)
    flickr8k = next(each for each in config.datasets if each.name == "flickr8k")
    train, dev = (read_pictures(data, flickr8k, (split,)) for split in ("train", "dev"))
    network = load_towers(config, [text for each in train for texts in each.texts.values() for text in texts]).network
    dtype = towers_dtype(torch.device("cpu"))
    features = TowerFeatures(
        set_precision(network, torch.device("cpu"), dtype),
        work / str(dtype).removeprefix("torch."),
        lambda what, done, n: print(f"{what}: {done} of {n}", flush=True),
    )
    return Split(features, "train", train), Split(features, "dev", dev)


def fitted(name: str, train: Split, dev: Split) -> dict[str, object]:
    """Fit a learner to both languages at once; return its seconds and recall in per cent, for each language."""
    learner, began = FLICKR[name](0), time.perf_counter()
    learner.fit(train.image, train.text, owner=train.owner)
    found: dict[str, object] = {"seconds": time.perf_counter() - began}
    image, text = learner.transform_image(dev.image), learner.transform_text(dev.text)
    for language in LANGUAGES:
        chosen = dev.language == language
        found[language] = recall_both_ways(image, text[chosen], dev.owner[chosen])
    print(name, found, flush=True)
    return found


def main() -> None:
    """Fit what was asked for and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MMSEARCH_TEST_DATA"))
    parser.add_argument("--work", type=Path, required=True, help="folder that keeps the features")
    parser.add_argument("--methods", nargs="*", choices=LEARNERS, default=LEARNERS)
    options = parser.parse_args()
    if options.data is None:
        sys.exit("Set MMSEARCH_TEST_DATA to the folder that holds flickr8k/.")
    of = {name: json.loads(json.dumps(FLICKR[name](0).get_params())) for name in LEARNERS}  # as it comes back
    found = measured_before(NAME, of)
    train, dev = splits(options.data, options.work)
    for name in [name for name in options.methods if name not in found]:
        found[name] = measured(lambda: fitted(name, train, dev), of[name])  # noqa: B023
        write_result(NAME, {"parts": {name: found[name] for name in LEARNERS if name in found}})


if __name__ == "__main__":
    main()
