"""Measures the learners of the alignment laboratory on frozen features, and how fast CCA is.

    python -m benchmarks.alignment [--parts speed flickr8k …] [--methods cca contrastive …] [--seeds 3] [--missing]

Needs MMSEARCH_TEST_DATA with flickr8k/frozen_features.npz (MobileNetV2 and MiniLM-L6) and wikipedia/ (SIFT and LDA,
Rasiwasia et al., ACM Multimedia 2010). On Flickr8k a learner is fitted on the training split and measured on dev; on
Wikipedia it is fitted on the training split and measured on test by mean average precision, an item of the same class
being right. The part `fusion` looks for dev items, each a picture with four captions, by their fifth. What is not
asked for keeps what was measured before; after a stop, `--missing` measures what is not there yet. Variants of a
learner and the ensemble, which would take an hour with three seeds, are run with one.
Writes benchmarks/results/alignment.json after each learner.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from statistics import mean

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import RESULTS, ROOT, measure, write_result
from mmsearch.alignment.adversarial import AdversarialAligner
from mmsearch.alignment.autoencoder import MultimodalAutoencoder
from mmsearch.alignment.base import Aligner
from mmsearch.alignment.cca import CCA
from mmsearch.alignment.contrastive import ContrastiveHeads
from mmsearch.alignment.deep_cca import DeepCCA
from mmsearch.alignment.ensemble import Ensemble
from mmsearch.alignment.fusion import HybridFusion, fused_ranks, fused_scores, joined_features, mean_of_texts
from mmsearch.alignment.graph_network import GraphAligner
from mmsearch.alignment.kernel_cca import KernelCCA
from mmsearch.alignment.multiset_cca import MultisetCCA
from mmsearch.evaluation import evaluate_retrieval
from mmsearch.evaluation.metrics import mean_average_precision
from mmsearch.evaluation.retrieval import relevant_ranks

NAME = "alignment"
PARTS = ["speed", "fusion", "wikipedia", "wikipedia_roots", "flickr8k"]
PAIRS, WIDE, NARROW = 30_000, 1280, 384
SLOW_COMPONENTS = 2  # of scikit-learn's CCA, whose time grows with them; ours finds all 384
MILLION = """
import sys
import numpy as np
from mmsearch.alignment.cca import CCA
random, cca = np.random.default_rng(0), CCA()
for _ in range(int(sys.argv[1]) // 10_000):
    image = random.standard_normal((10_000, 1280), dtype=np.float32)
    cca.partial_fit(image, image[:, :384] + random.standard_normal((10_000, 384), dtype=np.float32))
status = open("/proc/self/status").read()  # getrusage would tell of the process that started this one
print(int(status.split("VmHWM:")[1].split()[0]) / 1024)
"""
Learner = Callable[[int], Aligner]  # takes a seed


@dataclass(frozen=True)
class Split:
    """Pairs to learn from and pairs to measure on."""

    image: NDArray[np.float32]
    text: NDArray[np.float32]
    owner: NDArray[np.int64]
    labels: NDArray[np.int64] | None = None


FLICKR: dict[str, Learner] = {
    "cca": lambda _: CCA(),
    "kernel-cca": lambda seed: KernelCCA(random_state=seed),
    "multiset-cca": lambda _: MultisetCCA(ridges=(1.0, 0.1)),
    "contrastive": lambda seed: ContrastiveHeads(random_state=seed),
    "contrastive, linear": lambda seed: ContrastiveHeads(hidden=0, random_state=seed),
    "contrastive, sigmoid": lambda seed: ContrastiveHeads(loss="sigmoid", random_state=seed),
    "contrastive, structure": lambda seed: ContrastiveHeads(structure=1.0, random_state=seed),
    "contrastive, from CCA": lambda seed: ContrastiveHeads(start_from_cca=True, random_state=seed),
    "deep-cca": lambda seed: DeepCCA(random_state=seed),
    "deep-cca, reconstruction": lambda seed: DeepCCA(reconstruction=0.1, random_state=seed),
    "deep-cca, random start": lambda seed: DeepCCA(
        dim=256, ridge=0.1, learning_rate=1e-3, epochs=30, patience=15, start_from_cca=False, random_state=seed
    ),
    "autoencoder": lambda seed: MultimodalAutoencoder(random_state=seed),
    "adversarial": lambda seed: AdversarialAligner(random_state=seed),
    "adversarial, wasserstein": lambda seed: AdversarialAligner(adversary="wasserstein", random_state=seed),
    "graph": lambda seed: GraphAligner(random_state=seed),
    "ensemble": lambda seed: Ensemble(
        (
            ("contrastive", {"random_state": seed}),
            ("contrastive", {"loss": "sigmoid", "random_state": seed}),
            ("autoencoder", {"random_state": seed}),
            ("graph", {"random_state": seed}),
            ("kernel-cca", {"random_state": seed}),
        )
    ),
}
VARIANTS = {name for name in FLICKR if "," in name} | {"ensemble"}  # of which one seed must do
WIKIPEDIA: dict[str, Learner] = {  # as the data set's authors used it
    "cca, plain": lambda _: CCA(image_ridge=0.0, text_ridge=0.0, power=0.0),
    "cca": lambda _: CCA(image_ridge=0.1, text_ridge=0.1),
}
SEEDLESS = {"cca", "cca, plain", "cca, classes", "multiset-cca"}  # closed forms


def wikipedia_learners() -> dict[str, Learner]:
    """Return the learners for the small Wikipedia data set, whose classes are what is looked for."""
    small = {
        **{"dim": 64, "hidden": 256, "dropout": 0.5, "batch_size": 500, "epochs": 30, "learning_rate": 1e-3},
        **{"class_share": 1.0, "temperature": 0.2},
    }
    return {
        "cca": lambda _: CCA(image_ridge=0.1, text_ridge=0.1),
        "cca, classes": lambda _: CCA(image_ridge=0.1, text_ridge=0.1, class_share=0.5),
        "kernel-cca, classes": lambda seed: KernelCCA(
            class_share=1.0, frequencies=200, bandwidth=1.0, random_state=seed
        ),
        "ensemble, classes": lambda seed: Ensemble(
            tuple(
                (
                    "kernel-cca",
                    {"class_share": 1.0, "frequencies": 200, "bandwidth": 1.0, "random_state": 10 * seed + i},
                )
                for i in range(3)
            )
        ),
        "contrastive, classes": lambda seed: ContrastiveHeads(**small, random_state=seed),
        "deep-cca": lambda seed: DeepCCA(dim=10, hidden=256, random_state=seed),
        "autoencoder, classes": lambda seed: MultimodalAutoencoder(**small, random_state=seed),
        "adversarial, classes": lambda seed: AdversarialAligner(**small, random_state=seed),
        "graph, classes": lambda seed: GraphAligner(**small, random_state=seed),
    }


def read_flickr8k(folder: Path) -> tuple[Split, Split]:
    """Return train and dev; the five captions of each picture are texts of their own."""
    stored = np.load(folder / "flickr8k" / "frozen_features.npz")
    images = stored["image_features"].astype(np.float32)
    texts = stored["caption_features"].astype(np.float32)
    return _flickr_split(images, texts, stored["split"] == "train"), _flickr_split(
        images, texts, stored["split"] != "train"
    )


def _flickr_split(images: NDArray[np.float32], texts: NDArray[np.float32], chosen: NDArray[np.bool_]) -> Split:
    picked = texts[chosen]  # (n, 5, 384)
    owner = np.repeat(np.arange(len(picked)), picked.shape[1])
    return Split(images[chosen], picked.reshape(-1, picked.shape[2]), owner)


def read_wikipedia(folder: Path, power: float = 1.0) -> tuple[Split, Split]:
    """Return train and test, features to a power; a document is one picture, one text and one class."""
    from scipy.io import loadmat

    home = folder / "wikipedia"
    stored = loadmat(home / "raw_features.mat")

    def split(short: str, name: str) -> Split:
        lines = (home / f"{name}set_txt_img_cat.list").read_text().split("\n")
        labels = np.array([int(line.split()[2]) for line in lines if line.strip()])
        image, text = (stored[f"{view}_{short}"].astype(np.float32) for view in "IT")
        return Split(image**power, text**power, np.arange(len(labels)), labels)

    return split("tr", "train"), split("te", "test")


def read_wikipedia_roots(folder: Path) -> tuple[Split, Split]:
    """Return the same with square roots of the features, whose distances suit histograms (Hellinger)."""
    return read_wikipedia(folder, 0.5)


def fit_and_map(learner: Aligner, train: Split, test: Split) -> tuple[float, NDArray[np.float32], NDArray[np.float32]]:
    """Return the seconds of the fit, and both sides of the test split in the shared space."""
    began = time.perf_counter()
    learner.fit(train.image, train.text, owner=train.owner, labels=train.labels)
    return time.perf_counter() - began, learner.transform_image(test.image), learner.transform_text(test.text)


def recall(learner: Aligner, train: Split, test: Split) -> dict[str, object]:
    """Return recall both ways, in per cent, and the seconds of the fit."""
    seconds, image, text = fit_and_map(learner, train, test)
    return {"seconds": seconds, **recall_both_ways(image, text, test.owner)}


def recall_both_ways(
    image: NDArray[np.float32], text: NDArray[np.float32], owner: NDArray[np.int64]
) -> dict[str, dict[str, float]]:
    """Return recall at 1, 5 and 10 of texts looking for their image and of images for a text, in per cent."""
    report = asdict(evaluate_retrieval(image, text, owner))
    return {
        way: {f"R@{k}": 100 * report[way][f"recall_at_{k}"] for k in (1, 5, 10)}
        for way in ("text_to_image", "image_to_text")
    }


def class_precision(learner: Aligner, train: Split, test: Split) -> dict[str, object]:
    """Return mean average precision both ways, and the seconds of the fit."""
    seconds, image, text = fit_and_map(learner, train, test)
    same = test.labels[:, None] == test.labels
    relevant, counts = np.nonzero(same)[1], same.sum(axis=1)
    found: dict[str, object] = {"seconds": seconds}
    for direction, queries, candidates in (("image_to_text", image, text), ("text_to_image", text, image)):
        found[direction] = {
            "MAP": mean_average_precision(relevant_ranks(queries, candidates, relevant, counts), counts)
        }
    return found


def over_seeds(
    name: str, learner: Learner, seeds: int, once: Callable[[Aligner], dict[str, object]]
) -> dict[str, object]:
    """Return the parameters, every run, and the mean of the runs."""
    runs = [once(learner(seed)) for seed in range(1 if name in SEEDLESS | VARIANTS else seeds)]
    averaged: dict[str, object] = {"seconds": mean(run["seconds"] for run in runs)}  # type: ignore[misc]
    for direction in ("text_to_image", "image_to_text"):
        averaged[direction] = {k: mean(run[direction][k] for run in runs) for k in runs[0][direction]}  # type: ignore[index,attr-defined]
    print(f"{name}: {json.dumps(averaged)}", flush=True)
    return {"parameters": learner(0).get_params(), "seeds": len(runs), "mean": averaged, "runs": runs}


def fusion(data: Path) -> dict[str, float]:
    """Return how many dev items, each a picture with four captions, are first or in the first ten for their fifth."""
    train, dev = read_flickr8k(data)
    held = 1000  # training items that teach the weights; the space is learnt from the others
    rest = train.owner >= held
    cca = CCA().fit(train.image[held:], train.text[rest], owner=train.owner[rest] - held)
    first = ~rest
    learnt = _channels(cca, Split(train.image[:held], train.text[first], train.owner[first]))
    channels, right = _channels(cca, dev), np.arange(len(dev.image))
    hybrid = HybridFusion().fit(list(learnt.values()), np.arange(held))
    ways = {
        **channels,
        "late, scores": fused_scores([channels["picture"], channels["captions"]]),
        "late, ranks": fused_ranks([channels["picture"], channels["captions"]]),
        "hybrid": hybrid.fuse(list(channels.values())),
    }
    found = {}
    for way, scores in ways.items():
        ranks = (scores >= scores[right, right][:, None]).sum(axis=1)
        found |= {f"{way} R@{k}": 100 * float((ranks <= k).mean()) for k in (1, 10)}
    return found | {f"weight of {way}": float(w) for way, w in zip(channels, hybrid.weights_, strict=True)}


def _channels(cca: CCA, split: Split) -> dict[str, NDArray[np.float64]]:
    """Return the scores of every item for its fifth caption: by its picture, by its other captions, by both joined."""
    texts = split.text.reshape(len(split.image), 5, -1)
    query, others = texts[:, 4], texts[:, :4].reshape(-1, texts.shape[2])
    owner = np.repeat(np.arange(len(texts)), 4)
    picture = cca.transform_image(split.image)
    asked = cca.transform_text(query)
    captions = mean_of_texts(others, owner, len(texts))
    joined = joined_features([picture, mean_of_texts(cca.transform_text(others), owner, len(texts))])
    scores = {
        "picture": asked @ picture.T,
        "captions": joined_features([query]) @ captions.T,
        "early": joined_features([asked, asked]) @ joined.T,
    }
    return {way: np.asarray(given, np.float64) for way, given in scores.items()}


def straight_cca(image: NDArray[np.float32], text: NDArray[np.float32]) -> NDArray[np.float64]:
    """Plain CCA as a textbook has it: a QR of each side and an SVD of what lies between (Björck & Golub, 1973)."""
    left, right = (np.linalg.qr((rows - rows.mean(axis=0)).astype(np.float64))[0] for rows in (image, text))
    return np.linalg.svd(left.T @ right, compute_uv=True)[1]


def speed() -> dict[str, object]:
    """Time CCA on 30,000 pairs beside cca-zoo, scikit-learn and a straight one, and weigh it on a million pairs."""
    from cca_zoo import linear
    from sklearn import cross_decomposition

    random = np.random.default_rng(0)
    image = random.standard_normal((PAIRS, WIDE), dtype=np.float32)
    strength = np.geomspace(3, 0.03, NARROW, dtype=np.float32)  # so that correlations differ, as in life
    text = strength * image[:, :NARROW] + random.standard_normal((PAIRS, NARROW), dtype=np.float32)
    plain = CCA(image_ridge=0.0, text_ridge=0.0)
    ours = measure(lambda: plain.fit(image, text), repeats=5, warm_up=1)
    straight = measure(lambda: straight_cca(image, text), repeats=3, warm_up=0)
    zoo = measure(lambda: linear.CCA(n_components=NARROW).fit([image, text]), repeats=3, warm_up=0)
    slow = cross_decomposition.CCA(n_components=SLOW_COMPONENTS)
    theirs = measure(lambda: slow.fit(image, text), repeats=1, warm_up=0)
    difference = float(np.abs(plain.correlations_ - straight_cca(image, text)).max())
    return {
        "pairs": [PAIRS, WIDE, NARROW],
        "cca_seconds": ours,
        "straight_seconds": straight,
        "cca_zoo_seconds": zoo,
        "cca_zoo_version": version("cca-zoo"),
        "scikit_learn_seconds": theirs,
        "scikit_learn_components": SLOW_COMPONENTS,
        "times_straight": straight.median / ours.median,
        "times_cca_zoo": zoo.median / ours.median,
        "times_scikit_learn": theirs.median / ours.median,
        "largest_difference_of_a_correlation": difference,
        "million_pairs_mib": _peak_memory(1_000_000) - _peak_memory(0),
    }


def _peak_memory(pairs: int) -> float:
    """Return the peak memory in MiB of a process that learns from so many pairs, 10,000 at a time."""
    done = subprocess.run(
        [sys.executable, "-c", MILLION, str(pairs)], capture_output=True, text=True, check=True, cwd=ROOT
    )
    return float(done.stdout)


def main() -> None:
    """Run what was asked for and write the JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=os.environ.get("MMSEARCH_TEST_DATA"))
    parser.add_argument("--parts", nargs="*", default=PARTS)
    parser.add_argument("--methods", nargs="*", help="only these")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--missing", action="store_true", help="keep what was measured before")
    options = parser.parse_args()
    target = RESULTS / f"{NAME}.json"
    result = json.loads(target.read_text(encoding="utf-8"))["result"] if target.exists() else {}
    if "speed" in options.parts:
        result["speed"] = speed()
        write_result(NAME, result)
    if options.data is None and {*options.parts} - {"speed"}:
        sys.exit("Set MMSEARCH_TEST_DATA to the folder that holds flickr8k/ and wikipedia/.")
    if "fusion" in options.parts:
        result["fusion"] = fusion(options.data)
        write_result(NAME, result)
    sets = {
        "wikipedia": (read_wikipedia, WIKIPEDIA, class_precision),
        "wikipedia_roots": (read_wikipedia_roots, wikipedia_learners(), class_precision),
        "flickr8k": (read_flickr8k, FLICKR, recall),
    }
    for part in (part for part in sets if part in options.parts):
        read, learners, once = sets[part]
        train, test = read(options.data)
        for name in [name for name in learners if name in (options.methods or learners)]:
            if options.missing and name in result.get(part, {}):
                continue
            figures = over_seeds(name, learners[name], options.seeds, lambda x: once(x, train, test))  # noqa: B023
            result.setdefault(part, {})[name] = figures
            write_result(NAME, result)
    print(target)


if __name__ == "__main__":
    main()
