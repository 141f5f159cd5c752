"""Measures an encoder on the dev splits of a config."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.evaluation import EvaluationReport, evaluate_retrieval
from mmsearch.training.captions import LANGUAGES, CaptionedPicture, DatasetSettings, read_pictures
from mmsearch.types import Vectors

_CHUNK = 256  # pictures open at a time


@dataclass(frozen=True)
class DevSet:
    """Pictures that training never sees."""

    name: str
    pictures: list[CaptionedPicture]


def read_dev_sets(data: Path, datasets: Sequence[DatasetSettings]) -> list[DevSet]:
    """Read the dev split of every data set that has one.

    Raises:
        TrainingError: If one is missing.
    """
    return [DevSet(f"{d.name} {d.dev}", read_pictures(data, d, (d.dev,))) for d in datasets if d.dev]


def _image_vectors(encoder: DualEncoder, pictures: Sequence[CaptionedPicture]) -> Vectors:
    parts = []
    for start in range(0, len(pictures), _CHUNK):
        images = [Image.open(picture.path) for picture in pictures[start : start + _CHUNK]]
        parts.append(encoder.encode_images(images))
        for image in images:
            image.close()
    return np.concatenate(parts)


def measure(encoder: DualEncoder, dev: DevSet) -> Iterator[EvaluationReport]:
    """Yield one report a language, over the pictures that have a caption in it."""
    vectors = _image_vectors(encoder, dev.pictures)
    for language in LANGUAGES:
        rows = [i for i, picture in enumerate(dev.pictures) if picture.in_language(language)]
        texts = [text for i in rows for text in dev.pictures[i].in_language(language)]
        owner = np.repeat(np.arange(len(rows)), [len(dev.pictures[i].in_language(language)) for i in rows])
        if rows:
            yield evaluate_retrieval(
                vectors[rows],
                encoder.encode_texts(texts),
                owner.astype(np.int64),
                encoder=encoder.name,
                dataset=dev.name,
                language=language,
            )
