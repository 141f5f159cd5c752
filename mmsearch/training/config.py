"""What a training run is to do, read from a TOML file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

from mmsearch.errors import BadInput
from mmsearch.nets.matcher_network import MatcherShape
from mmsearch.scenes import FoilKind
from mmsearch.training.batches import Lesson
from mmsearch.training.captions import ClassBeliefSettings, ClassPairSettings, DatasetSettings, FolderSettings
from mmsearch.training.finetune_loop import METHODS, FinetuneSettings
from mmsearch.training.heads_loop import LoopSettings
from mmsearch.training.objectives import ObjectiveSettings
from mmsearch.training.pretrain_loop import PretrainSettings
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
class TrainConfig:
    """All of a run, apart from where its data lie."""

    name: str
    towers: TowerSettings
    datasets: tuple[DatasetSettings, ...]
    heads: HeadSettings = field(default_factory=HeadSettings)
    vocabulary: VocabularyRule = field(default_factory=VocabularyRule)
    training: LoopSettings = field(default_factory=LoopSettings)
    classes: ClassPairSettings | None = None


@dataclass(frozen=True)
class PhotoSettings:
    """How captioned photographs are learnt from."""

    side: int = 224  # pixels of the square that they are resized to
    batch: int = 32
    alike: int = 1  # photographs of a batch that resemble each other, in the eyes of the encoder; 1: chance decides
    repeat: int = 0  # batches after which the first comes again, seen once by frozen towers; 0: none ever does
    phrases: float = 0.0  # share of the captions instead of which a phrase stands that names something they name


@dataclass(frozen=True)
class SceneSettings:
    """How drawn scenes are learnt from."""

    sides: tuple[int, ...] = (160,)  # pixels; batches take turns
    batch: int = 64
    foils: int = 1  # pairs of a true caption and a foil for each scene
    repeat: int = 0  # batches after which the first comes again, seen once by frozen towers; 0: every scene is new
    queries: float = 0.0  # share of the scenes that are told about as briefly as one would type, not by a caption
    lessons: tuple[Lesson, ...] = (Lesson(),)  # what they teach, one after the other; the last goes on
    seed: int = 1
    whole: bool = False  # whether to show also what `scenes.standard_held_out` keeps back


@dataclass(frozen=True)
class PretrainConfig:
    """All of a pretraining run, apart from where it starts and where its data lie."""

    name: str
    datasets: tuple[DatasetSettings, ...] = ()
    folders: tuple[FolderSettings, ...] = ()
    side: int | None = None  # pixels that the encoder is to read afterwards; crops make things look larger in training
    pretraining: PretrainSettings = field(default_factory=PretrainSettings)
    matcher: MatcherShape = field(default_factory=MatcherShape)
    photos: PhotoSettings = field(default_factory=PhotoSettings)
    scenes: SceneSettings | None = None
    classes: ClassBeliefSettings | None = None


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


def _lesson(row: Mapping[str, Any], place: str) -> Lesson:
    known, asked = [kind.value for kind in FoilKind], row.get("kinds", [])
    if not asked or not set(asked) <= set(known):
        raise BadInput(f"{place} needs kinds among {', '.join(known)}; got {', '.join(map(str, asked)) or 'none'}.")
    return _section(Lesson, {**row, "kinds": [FoilKind(kind) for kind in asked]}, place)


def _raw(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise BadInput(f"Cannot read the training config {path}: {error}.") from error


def read_pretrain_config(path: Path) -> PretrainConfig:
    """Read the config of a pretraining run.

    Raises:
        BadInput: If the file is missing, is no TOML, or has unknown or missing keys.
    """
    raw = _raw(path)
    loop = dict(raw.get("pretraining", {}))
    if "objectives" in loop:
        loop["objectives"] = _section(ObjectiveSettings, loop["objectives"], f"[pretraining.objectives] in {path}")
    if "lessons" in raw.get("scenes", {}):
        place = f"[[scenes.lessons]] in {path}"
        raw["scenes"]["lessons"] = [_lesson(row, place) for row in raw["scenes"]["lessons"]]
    kinds: dict[str, type[Any]] = {
        "matcher": MatcherShape,
        "photos": PhotoSettings,
        "scenes": SceneSettings,
        "classes": ClassBeliefSettings,
    }
    parts = {key: _section(kinds[key], raw[key], f"[{key}] in {path}") for key in kinds if key in raw}
    parts["pretraining"] = _section(PretrainSettings, loop, f"[pretraining] in {path}")
    parts["folders"] = tuple(_section(FolderSettings, row, f"[[folders]] in {path}") for row in raw.get("folders", []))
    return _with_datasets(PretrainConfig, raw, parts, path)


def read_config(path: Path) -> TrainConfig:
    """Read the config of a run that trains heads on frozen towers.

    Raises:
        BadInput: If the file is missing, is no TOML, or has unknown or missing keys.
    """
    raw = _raw(path)
    if "pretraining" in raw:
        raise BadInput(f"{path} has a table [pretraining], so it needs an encoder to start from: add --start.")
    kinds: dict[str, type[Any]] = {
        "towers": TowerSettings,
        "heads": HeadSettings,
        "vocabulary": VocabularyRule,
        "training": LoopSettings,
        "classes": ClassPairSettings,
    }
    parts = {key: _section(kinds[key], raw[key], f"[{key}] in {path}") for key in kinds if key in raw}
    return _with_datasets(TrainConfig, raw, parts, path)


def read_finetune_config(path: Path, given: Mapping[str, Any]) -> FinetuneSettings:
    """Read the config of a fine-tuning.

    Args:
        path: A TOML file with a table `[finetuning]`.
        given: Settings that come before the file's.

    Raises:
        BadInput: If the file is missing, is no TOML, or has unknown keys or values that cannot be used.
    """
    raw, place = _raw(path), f"[finetuning] in {path}"
    other = sorted(set(raw) - {"finetuning"})
    if other:
        raise BadInput(f"{path} has {other[0]!r}, but a fine-tuning reads the table [finetuning] alone.")
    settings = _section(FinetuneSettings, raw.get("finetuning", {}) | dict(given), place)
    if settings.method not in METHODS:
        raise BadInput(f"{place} knows the methods {', '.join(METHODS)}; got {settings.method!r}.")
    for key, least in (("epochs", 0), ("batch", 2), ("rank", 1)):  # contrast tells at least two pictures apart
        if getattr(settings, key) < least:
            raise BadInput(f"{place} needs {key} of {least} or more; got {getattr(settings, key)}.")
    if not 0 <= settings.held_out < 1:
        raise BadInput(f"{place} needs held_out from 0 to below 1; got {settings.held_out}.")
    return settings


def _with_datasets(kind: type[_T], raw: Mapping[str, Any], parts: dict[str, Any], path: Path) -> _T:
    """Fill a config from the parts read so far, its data sets and its plain keys."""
    rows = tuple(_section(DatasetSettings, row, f"[[datasets]] in {path}") for row in raw.get("datasets", []))
    plain = {key: value for key, value in raw.items() if key not in parts}
    return _section(kind, plain | parts | {"datasets": rows}, str(path))
