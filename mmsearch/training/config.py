"""What a training run is to do, read from a TOML file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from mmsearch.errors import BadInput
from mmsearch.training.heads_loop import LoopSettings
from mmsearch.training.vocabulary import VocabularyRule

_T = TypeVar("_T")


@dataclass(frozen=True)
class TowerSettings:
    """Which pretrained towers to stand on."""

    image: str  # a key of `nets.efficientnet_lite.VARIANTS`
    text: str = "multilingual-e5-small"
    side: int = 260  # pixels of the square that a picture is resized to
    max_tokens: int = 128  # of a text; the rest is not read
    views: tuple[str, ...] = ("as it is",)  # see `training.views.VIEWS`


@dataclass(frozen=True)
class HeadSettings:
    """Sizes of the heads."""

    dim: int = 512  # of the common space
    image_hidden: int = 1024
    text_hidden: int = 1024
    dropout: float = 0.3  # share of hidden values set to zero in training


@dataclass(frozen=True)
class DatasetSettings:
    """A set of captioned pictures below the data folder."""

    name: str
    captions: str  # path of its captions.jsonl; pictures are named relative to it
    licence: str
    source: str
    splits: tuple[str, ...] = ()  # used for training; none for all
    dev: str | None = None  # split to measure on


@dataclass(frozen=True)
class ClassSettings:
    """Class names that meet their rows of the ImageNet classifier as further pairs."""

    names: str  # path of a .jsonl with `names` in the order of the classifier
    licence: str
    source: str
    length: float = 18.0  # of the picture side, in standardised features


@dataclass(frozen=True)
class TrainConfig:
    """All of a run, apart from where its data lie."""

    name: str
    towers: TowerSettings
    datasets: tuple[DatasetSettings, ...]
    heads: HeadSettings = field(default_factory=HeadSettings)
    vocabulary: VocabularyRule = field(default_factory=VocabularyRule)
    training: LoopSettings = field(default_factory=LoopSettings)
    classes: ClassSettings | None = None


def _section(kind: type[_T], values: Mapping[str, Any], place: str) -> _T:
    """Fill a dataclass from a table, refusing keys that it does not know."""
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]  # every kind is a dataclass
    unknown = sorted(set(values) - known)
    if unknown:
        raise BadInput(f"{place} does not know {unknown[0]!r}; it knows {', '.join(sorted(known))}.")
    try:
        return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in values.items()})
    except TypeError as error:
        raise BadInput(f"{place} is not complete: {error}.") from error


def read_config(path: Path) -> TrainConfig:
    """Read a run's config.

    Raises:
        BadInput: If the file is missing, is no TOML, or has unknown or missing keys.
    """
    try:
        raw = tomllib.loads(path.read_text(encoding="utf8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"Cannot read the training config {path}: {error}.") from error
    kinds: dict[str, type[Any]] = {
        "towers": TowerSettings,
        "heads": HeadSettings,
        "vocabulary": VocabularyRule,
        "training": LoopSettings,
        "classes": ClassSettings,
    }
    parts = {key: _section(kinds[key], raw[key], f"[{key}] in {path}") for key in kinds if key in raw}
    parts["datasets"] = tuple(
        _section(DatasetSettings, row, f"[[datasets]] in {path}") for row in raw.get("datasets", [])
    )
    return _section(TrainConfig, {k: v for k, v in raw.items() if k not in parts} | parts, str(path))
