"""Captioned pictures to learn from."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mmsearch.errors import TrainingError

LANGUAGES = ("en", "zh")


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
class FolderSettings:
    """A folder of captioned pictures, read as the indexer reads it; what is broken is left out and told."""

    path: str  # absolute, or relative to the data folder
    held_out: float = 0.1  # share of the pictures that is measured on instead of learnt from


@dataclass(frozen=True)
class ClassSettings:
    """The class names of the ImageNet classifier that the picture tower began as."""

    names: str  # path of a .jsonl with `names` in the order of the classifier
    licence: str
    source: str


@dataclass(frozen=True)
class ClassPairSettings(ClassSettings):
    """Class names that meet their rows of the classifier as further pairs."""

    length: float = 18.0  # of the picture side, in standardised features


@dataclass(frozen=True)
class ClassBeliefSettings(ClassSettings):
    """Class names that pictures should go on to resemble, as much as the classifier believes."""

    classifier: str = "lite2"  # a key of `nets.efficientnet_lite.VARIANTS`
    count: int = 96  # classes that a batch draws


@dataclass(frozen=True)
class CaptionedPicture:
    """A picture with the texts that describe it."""

    path: Path
    texts: dict[str, tuple[str, ...]]  # language -> captions; a language may be there without any

    def in_language(self, language: str) -> tuple[str, ...]:
        """Return its captions in a language, none if there are none."""
        return self.texts.get(language, ())


def _rows(path: Path, name: str) -> list[dict[str, Any]]:
    try:
        return [json.loads(line) for line in path.read_text(encoding="utf8").splitlines() if line.strip()]
    except OSError as error:
        raise TrainingError(f"Data set {name} is not there: {error}. See docs/training.md for the layout.") from error
    except ValueError as error:
        raise TrainingError(f"Data set {name}: {path} is not one JSON object a line: {error}.") from error


def read_pictures(data: Path, settings: DatasetSettings, splits: tuple[str, ...]) -> list[CaptionedPicture]:
    """Read the pictures of some splits of a data set, all if none is named.

    Raises:
        TrainingError: If the caption file or a picture is missing, or nothing is left.
    """
    path = data / settings.captions
    pictures = [
        CaptionedPicture(path.parent / row["image"], {lang: tuple(row.get(lang, ())) for lang in LANGUAGES})
        for row in _rows(path, settings.name)
        if not splits or row.get("split") in splits
    ]
    missing = next((p.path for p in pictures if not p.path.is_file()), None)
    if missing is not None or not pictures:
        what = f"picture {missing} is missing" if missing else f"no picture in split {', '.join(splits)}"
        raise TrainingError(f"Data set {settings.name}: {what}. See docs/training.md for the layout.")
    return pictures


def read_classes(data: Path, settings: ClassSettings) -> list[tuple[str, ...]]:
    """Read the names of each class, in the order of the classifier.

    Raises:
        TrainingError: If the file is missing or damaged.
    """
    return [tuple(row["names"]) for row in _rows(data / settings.names, "classes")]
