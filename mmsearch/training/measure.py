"""Measures an encoder on the dev splits of a config."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mmsearch.encoders.base import DualEncoder
from mmsearch.evaluation import EvaluationReport, evaluate_retrieval
from mmsearch.training.captions import LANGUAGES, CaptionedPicture, DatasetSettings, read_pictures
from mmsearch.training.folders import open_reduced
from mmsearch.types import Vectors

_CHUNK = 64  # pictures open at a time


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


def image_vectors(encoder: DualEncoder, paths: Sequence[Path]) -> Vectors:
    """Return an encoder's vectors of picture files, at least one, (n, dim); few are open at a time."""
    parts = []
    for start in range(0, len(paths), _CHUNK):
        chunk = paths[start : start + _CHUNK]
        parts.append(encoder.encode_images([open_reduced(each, encoder.image_side) for each in chunk]))
    return np.concatenate(parts)


def measure(encoder: DualEncoder, dev: DevSet) -> Iterator[EvaluationReport]:
    """Yield one report a language, over the pictures that have a caption in it."""
    vectors = image_vectors(encoder, [each.path for each in dev.pictures])
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


def measure_among(
    encoder: DualEncoder, pictures: Sequence[CaptionedPicture], others: Sequence[CaptionedPicture], name: str
) -> EvaluationReport:
    """Measure how well the captions of some pictures, in all languages together, find these among others.

    Args:
        encoder: To be measured.
        pictures: With captions; at least one.
        others: Whose captions are not asked for.
        name: Of what is measured.
    """
    captions = [[text for texts in picture.texts.values() for text in texts] for picture in pictures]
    return evaluate_retrieval(
        image_vectors(encoder, [each.path for each in (*pictures, *others)]),
        encoder.encode_texts([text for texts in captions for text in texts]),
        np.repeat(np.arange(len(pictures)), [len(texts) for texts in captions]).astype(np.int64),
        encoder=encoder.name,
        dataset=name,
    )
