"""The training command: from packages and captioned pictures to a model folder."""

import json
import time
from collections.abc import Callable
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Protocol

import torch

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.folder import NetworkEncoder, open_folder
from mmsearch.evaluation import EvaluationReport
from mmsearch.nets.dual_network import set_precision, towers_dtype
from mmsearch.nets.folder import save_folder
from mmsearch.training.captions import read_classes, read_pictures
from mmsearch.training.checkpoint import logged_seconds, train_epochs
from mmsearch.training.config import TrainConfig, read_config
from mmsearch.training.features import digest, replace_text, writing
from mmsearch.training.heads_loop import Heads, HeadsLoop, PairFeatures
from mmsearch.training.measure import measure, read_dev_sets
from mmsearch.training.model_card import write_card
from mmsearch.training.pairs import PairBuilder, TowerFeatures, by_language, class_features, set_statistics
from mmsearch.training.towers import Towers, load_towers

BUNDLED_CONFIG = Path(__file__).parent / "configs" / "bundled.toml"


@dataclass(frozen=True, slots=True)
class TrainProgress:
    """Where a training run stands."""

    phase: str  # texts, pictures of …, epochs, measuring or export
    done: int
    total: int
    loss: float | None = None  # of the last epoch, in nats


@dataclass(frozen=True, slots=True)
class TrainReport:
    """What a training run made."""

    folder: Path  # of the model
    epochs: int
    loss: float  # of the last epoch, in nats
    epoch_seconds: float  # of all epochs, those of earlier calls included
    seconds: float  # of this call
    weights_mb: float  # 10^6 bytes
    recall: tuple[EvaluationReport, ...]  # of the exported folder on the dev sets, as it is used
    recall_float32: tuple[EvaluationReport, ...]  # of the same network before its weights were rounded


class TowerLoader(Protocol):
    """Builds the towers of a run; tests pass small ones."""

    def __call__(self, config: TrainConfig, texts: list[str], /) -> Towers:
        """Return towers whose vocabulary spells these texts."""


def train(
    config_path: Path,
    data: Path,
    output: Path,
    *,
    resume: bool = True,
    progress: Callable[[TrainProgress], None] | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    towers: TowerLoader = load_towers,
) -> TrainReport:
    """Train an encoder and write it as a model folder.

    Safe to stop at any time: the same call goes on where it was and reaches the same result.

    Args:
        config_path: A TOML file; `BUNDLED_CONFIG` makes what the encoder that comes with mmsearch began as.
        data: Folder that holds the data sets which the config names.
        output: Folder of the run. Gets `model/`, the result; `features/`; `checkpoint.pt`; `log.jsonl`; `report.json`.
        resume: Go on from the last checkpoint if there is one. Features are used again either way.
        progress: Called as the run goes on.
        epochs: Instead of the config's.
        seed: Instead of the config's.
        towers: Builds the towers.

    Raises:
        BadInput: If the config cannot be used.
        TrainingError: If data or packages are missing, the loss is not finite, a checkpoint does not fit or the disk
            is full. Checkpoints made so far are kept.
    """
    config = read_config(config_path)
    asked = {key: value for key, value in (("epochs", epochs), ("seed", seed)) if value is not None}
    config = replace(config, training=replace(config.training, **asked))
    with writing(output):
        output.mkdir(parents=True, exist_ok=True)
    return _Run(config, data, output, progress or (lambda _: None), towers).go(resume)


class _Run:
    """One call of `train`, step by step."""

    def __init__(
        self,
        config: TrainConfig,
        data: Path,
        output: Path,
        progress: Callable[[TrainProgress], None],
        towers: TowerLoader,
    ) -> None:
        self.config, self.output, self.progress = config, output, progress
        self.started = time.monotonic()
        self.pictures = {each.name: read_pictures(data, each, each.splits) for each in config.datasets}
        self.dev = read_dev_sets(data, config.datasets)
        self.classes = read_classes(data, config.classes) if config.classes else []
        self.towers = towers(config, self._texts())

    def _texts(self) -> list[str]:
        """Return what the vocabulary must spell; the dev sets are not looked at."""
        pictures = [picture for each in self.pictures.values() for picture in each]
        captions = [text for p in pictures for texts in p.texts.values() for text in texts]
        return captions + [name for names in self.classes for name in names]

    def go(self, resume: bool) -> TrainReport:
        """Do what is left to do."""
        network = self.towers.network
        pairs = self._pairs(self._features())
        network.image_head.dropout = network.text_head.dropout = self.config.heads.dropout
        heads = Heads(network.image_head, network.text_head, self.config.training.temperature)
        loop = HeadsLoop(heads, pairs, self.config.training)
        losses = train_epochs(
            loop, self.output, resume, lambda done, loss: self._tell("epochs", done, self.config.training.epochs, loss)
        )
        network.image_head, network.text_head = loop.averaged.image, loop.averaged.text
        set_precision(network.requires_grad_(False).eval(), torch.device("cpu"), torch.float32)
        folder = self.output / "model"
        with writing(folder):
            save_folder(network, folder)
        exact = NetworkEncoder(network, name=self.config.name, fingerprint="")
        report = TrainReport(
            folder=folder,
            epochs=len(losses),
            loss=losses[-1],
            weights_mb=sum(path.stat().st_size for path in folder.glob("*.safetensors")) / 1e6,
            recall=self._measure(open_folder(folder, name=self.config.name, device="cpu")),
            recall_float32=self._measure(exact),
            epoch_seconds=logged_seconds(self.output),
            seconds=time.monotonic() - self.started,
        )
        self._write(report)
        return report

    def _measure(self, encoder: DualEncoder) -> tuple[EvaluationReport, ...]:
        self._tell("measuring", 0, 1)
        return tuple(report for dev in self.dev for report in measure(encoder, dev))

    def _write(self, report: TrainReport) -> None:
        """Put the report beside the model, and the card into it."""
        plain = asdict(report) | {"folder": str(report.folder), "config": asdict(self.config)}
        text = json.dumps(plain, indent=2, ensure_ascii=False, default=str) + "\n"
        replace_text(self.output / "report.json", text)
        write_card(report.folder, self.config, report)

    def _tell(self, phase: str, done: int, total: int, loss: float | None = None) -> None:
        self.progress(TrainProgress(phase, done, total, loss))

    def _features(self) -> TowerFeatures:
        """Return what runs the towers, in the type that the machine is good at."""
        settings, device = self.config.towers, torch.device("cpu")
        dtype = towers_dtype(device)
        network = set_precision(deepcopy(self.towers.network), device, dtype)
        key = digest([settings.image, settings.text, str(settings.side), str(dtype)])
        return TowerFeatures(network, self.output / "features" / key, self._tell)

    def _pairs(self, features: TowerFeatures) -> PairFeatures:
        network, builder = self.towers.network, PairBuilder.empty()
        for name, pictures in self.pictures.items():
            paths = [picture.path for picture in pictures]
            views = [features.images(name, paths, view) for view in self.config.towers.views]
            builder.add(torch.stack(views), by_language(pictures))
        set_statistics(network.image_head, torch.cat([each[0] for each in builder.images]))
        if self.config.classes:
            rows = class_features(network.image_head, self.towers.class_rows, self.config.classes.length)
            builder.add(rows.expand(len(self.config.towers.views), -1, -1), [[names] for names in self.classes])
        set_statistics(network.text_head, features.texts(list(dict.fromkeys(builder.texts))))
        return builder.build(network.image_head, network.text_head, features.texts)
