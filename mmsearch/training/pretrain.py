"""Pretraining: from an encoder folder and captioned pictures to a better encoder and its matcher."""

import json
import shutil
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.folder import open_folder
from mmsearch.errors import TrainingError
from mmsearch.evaluation import EvaluationReport
from mmsearch.nets.dual_network import DualNetwork, load_network
from mmsearch.nets.folder import save_folder
from mmsearch.nets.matcher_network import MatcherNetwork, save_matcher, set_matcher_precision
from mmsearch.rerankers.folder import open_matcher
from mmsearch.scenes import Allow, SceneGenerator, standard_held_out
from mmsearch.training.batches import (
    BatchSource,
    ClassifiedPictures,
    LikeGroups,
    PhotoBatches,
    SceneBatches,
    stored_pixels,
)
from mmsearch.training.beliefs import classified
from mmsearch.training.calibrating import fit_calibration
from mmsearch.training.captions import CaptionedPicture, ClassBeliefSettings, read_pictures
from mmsearch.training.checkpoint import logged_seconds, run_epochs_along, train_epochs
from mmsearch.training.classifier import Classifier, load_classifier
from mmsearch.training.config import PhotoSettings, PretrainConfig, SceneSettings, read_pretrain_config
from mmsearch.training.features import digest, replace_file, replace_text, writing
from mmsearch.training.folders import CaptionedFolder, read_folder, write_left_out
from mmsearch.training.heap import keep_freed_memory
from mmsearch.training.measure import DevSet, measure, measure_among, read_dev_sets
from mmsearch.training.peers import Peers, together
from mmsearch.training.pretrain_cards import write_pretrained_cards
from mmsearch.training.pretrain_loop import PretrainLoop
from mmsearch.training.run import TrainProgress
from mmsearch.types import Skip, Vectors

PRETRAIN_CONFIG = Path(__file__).parent / "configs" / "pretrain.toml"  # trains towers
MATCHER_CONFIG = PRETRAIN_CONFIG.with_name("matcher.toml")  # trains a matcher on an encoder that stays as it is
_ENCODED = 64  # pictures at a time


@dataclass(frozen=True, slots=True)
class PretrainReport:
    """What a pretraining run made."""

    folder: Path  # of the encoder
    matcher: Path | None  # its folder; None if the config trains none
    epochs: int
    loss: float  # of the last epoch, in nats
    epoch_seconds: float  # of all epochs, those of earlier calls included
    seconds: float  # of this call
    weights_mb: float  # 10^6 bytes, of both folders
    recall: tuple[EvaluationReport, ...]  # of the exported encoder on the dev sets and on what folders held out
    left_out: tuple[Skip, ...] = ()  # files of folders that nothing could be learnt from, and why


def pretrain(
    config_path: Path,
    data: Path,
    output: Path,
    start: Path,
    *,
    resume: bool = True,
    progress: Callable[[TrainProgress], None] | None = None,
    epochs: int | None = None,
    calibrate: bool = True,
    classifiers: Callable[[str], Classifier] = load_classifier,
) -> PretrainReport:
    """Pretrain the towers of an encoder, a matcher on top of them, or both.

    Safe to stop at any time: the same call goes on where it was and reaches the same result. More epochs may be asked
    for later; the learning rates fall in the last ones.

    Args:
        config_path: A TOML file with a table `[pretraining]`.
        data: Folder that holds the data sets which the config names.
        output: Folder of the run. Gets `encoder/` and `matcher/`, the result; `checkpoint.pt`; `log.jsonl`;
            `report.json`; the pixels of the photographs; `left-out.jsonl` if the config names folders.
        start: Folder of the encoder to start from, one of mmsearch's own kind.
        resume: Go on from the last checkpoint if there is one.
        progress: Called as the run goes on.
        epochs: Instead of the config's.
        calibrate: Fit the probabilities of the matcher on the dev sets, which takes minutes.
        classifiers: Loads the classifier that the config names.

    Raises:
        BadInput: If the config cannot be used.
        SourceError: If a folder that it names is not there.
        TrainingError: If data are missing, the loss is not finite, a checkpoint does not fit or the disk is full.
            Checkpoints made so far are kept.
    """
    config = read_pretrain_config(config_path)
    if epochs is not None:
        config = replace(config, pretraining=replace(config.pretraining, epochs=epochs))
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
    began, tell = time.monotonic(), progress or (lambda _: None)
    keep_freed_memory()

    def look(pictures: Sequence[CaptionedPicture], classes: ClassBeliefSettings) -> ClassifiedPictures:
        def told(done: int, total: int) -> None:
            tell(TrainProgress("classes", done, total))

        return classified(pictures, data, classes, output, told, classifiers)

    network, folders = _network(config, start), _read_folders(config, data, tell)
    if folders:
        write_left_out(output, [skip for each in folders.values() for skip in each.left_out])
    sources = _sources(config, data, folders, output, look, network.dual)
    workers = 1 if torch.cuda.is_available() else config.pretraining.workers
    with together(workers, _follow, config, data, output, start, resume) as peers:
        loop = PretrainLoop(network, sources, config.pretraining, peers)
        losses = train_epochs(
            loop,
            output,
            resume,
            lambda done, loss: tell(TrainProgress("epochs", done, config.pretraining.epochs, loss)),
        )
    encoder, matcher = _export(loop, output, start, config.side)
    tell(TrainProgress("measuring", 0, 1))
    opened, sets = open_folder(encoder, name=config.name, device="cpu"), read_dev_sets(data, config.datasets)
    if matcher and calibrate:
        fit_calibration(opened, open_matcher(matcher, encoder, name=config.name, device="cpu"), sets).save(matcher)
    report = PretrainReport(
        folder=encoder,
        matcher=matcher,
        epochs=len(losses),
        loss=losses[-1],
        epoch_seconds=logged_seconds(output),
        seconds=time.monotonic() - began,
        weights_mb=sum(path.stat().st_size for path in output.glob("*/*.safetensors")) / 1e6,
        recall=_recall(opened, sets, folders),
        left_out=tuple(skip for read in folders.values() for skip in read.left_out),
    )
    text = json.dumps(asdict(report) | {"config": asdict(config)}, indent=2, ensure_ascii=False, default=str) + "\n"
    replace_text(output / "report.json", text)
    write_pretrained_cards(config, report, start)
    return report


def _recall(
    encoder: DualEncoder, sets: Sequence[DevSet], folders: Mapping[str, CaptionedFolder]
) -> tuple[EvaluationReport, ...]:
    """Measure on dev sets and on what folders held out."""
    return (
        *(each for dev in sets for each in measure(encoder, dev)),
        *(
            measure_among(encoder, read.held_out, (), f"{name}, held out")
            for name, read in folders.items()
            if read.held_out
        ),
    )


def _follow(config: PretrainConfig, data: Path, output: Path, start: Path, resume: bool, peers: Peers) -> None:
    """Train along with the process that writes what comes of it."""
    keep_freed_memory()
    network, folders = _network(config, start), _read_folders(config, data)

    def look(pictures: Sequence[CaptionedPicture], classes: ClassBeliefSettings) -> ClassifiedPictures:
        return classified(pictures, data, classes, output, lambda done, total: None, load_classifier)

    loop = PretrainLoop(network, _sources(config, data, folders, output, look, network.dual), config.pretraining, peers)
    run_epochs_along(loop, output, resume)


def _network(config: PretrainConfig, start: Path) -> MatcherNetwork:
    """Return a fresh matcher over a saved encoder, in the types that the machine is good at."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        dual = load_network(start, device)
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        raise TrainingError(f"Cannot start from the encoder in {start}: {error}.") from error
    layers = dual.shape.text.num_hidden_layers
    if config.matcher.start + config.matcher.layers != layers:
        raise TrainingError(
            f"The text tower in {start} has {layers} layers, but [matcher] says start {config.matcher.start} and "
            f"layers {config.matcher.layers}; together they must be {layers}."
        )
    torch.manual_seed(config.pretraining.seed)
    network = MatcherNetwork(dual, config.matcher).to(device)
    network.fusion.start_from(dual.text)
    return set_matcher_precision(network, dual.image.stem.weight.dtype)


def _read_folders(
    config: PretrainConfig, data: Path, tell: Callable[[TrainProgress], None] = lambda _: None
) -> dict[str, CaptionedFolder]:
    """Read the folders that the config names."""
    seed = config.pretraining.seed

    def told(done: int, total: int) -> None:
        tell(TrainProgress("pictures", done, total))

    return {
        each.path: read_folder(data / each.path, held_out=each.held_out, seed=seed, progress=told)
        for each in config.folders
    }


def _sources(
    config: PretrainConfig,
    data: Path,
    folders: Mapping[str, CaptionedFolder],
    output: Path,
    look: Callable[[Sequence[CaptionedPicture], ClassBeliefSettings], ClassifiedPictures],
    dual: DualNetwork,
) -> list[BatchSource]:
    pictures = [picture for each in config.datasets for picture in read_pictures(data, each, each.splits)]
    pictures += [picture for each in folders.values() for picture in each.train]
    seed, sources = config.pretraining.seed, list[BatchSource]()
    if pictures:
        beliefs = look(pictures, config.classes) if config.classes else None
        groups = _groups(config.photos, [each.path for each in pictures], output, dual)
        photos = config.photos
        sources.append(
            PhotoBatches(
                pictures, photos.side, photos.batch, seed, output, beliefs, groups, photos.repeat, photos.phrases
            )
        )
    if config.scenes:
        sources.append(_scenes(config.scenes))
    if not sources:
        raise TrainingError(
            "The config names neither [[datasets]], [[folders]] nor [scenes], so there is nothing to learn from."
        )
    return sources


def _groups(photos: PhotoSettings, paths: Sequence[Path], folder: Path, dual: DualNetwork) -> LikeGroups | None:
    """Return groups of pictures that an encoder finds alike, None if chance is to decide."""
    if photos.alike == 1:
        return None
    head = dual.image_head.linear.weight  # stands for the encoder
    named = folder / f"alike-{digest([str(photos.side), str(head.double().sum().item()), *map(str, paths)])}.npy"
    if not named.exists():
        vectors = _encoded(stored_pixels(paths, photos.side, folder), dual)
        replace_file(named, lambda part: _save(part, vectors))
    return LikeGroups(np.load(named), photos.alike)


def _encoded(pixels: NDArray[np.uint8], dual: DualNetwork) -> Vectors:
    """Return unit vectors, (n, dim), of squares, (n, side, side, 3)."""
    vectors = []
    with torch.inference_mode():
        for start in range(0, len(pixels), _ENCODED):
            part = torch.from_numpy(np.array(pixels[start : start + _ENCODED])).permute(0, 3, 1, 2)
            vectors.append(dual.encode_pixels(part).cpu().numpy())
    return np.concatenate(vectors)


def _save(path: Path, vectors: Vectors) -> None:
    with path.open("wb") as file:
        np.save(file, vectors)


def _scenes(settings: SceneSettings) -> SceneBatches:
    allow = Allow.ALL if settings.whole else Allow.SEEN
    generators = [SceneGenerator(side, settings.seed, standard_held_out(), allow) for side in settings.sides]
    return SceneBatches(generators, settings.batch, settings.foils, settings.repeat, settings.lessons, settings.queries)


def _export(loop: PretrainLoop, output: Path, start: Path, side: int | None) -> tuple[Path, Path | None]:
    """Write encoder and matcher, as far as they were trained, and return their folders; a frozen encoder is copied."""
    network, encoder, matcher = loop.export(), output / "encoder", output / "matcher"
    with writing(output):
        if loop.settings.trains_encoder:
            network.dual.shape = replace(network.dual.shape, side=side or network.dual.shape.side)
            save_folder(network.dual, encoder)
        else:
            shutil.copytree(start, encoder, dirs_exist_ok=True)
        if not loop.settings.trains_matcher:
            return encoder, None
        matcher.mkdir(exist_ok=True)
        save_matcher(network, matcher, encoder)
    return encoder, matcher
