"""Gathers what an evaluation measures: from the store, or straight from a captioned folder."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import numpy as np
from PIL import Image

from mmsearch.collection import (
    Deadline,
    FileKind,
    FoundFile,
    ScanResult,
    load_picture,
    read_notes,
    read_picture_file,
    scan,
)
from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import BadInput, BadPicture, SourceError
from mmsearch.evaluation import EvaluationReport, evaluate_retrieval
from mmsearch.indexing.progress import Meter, ProgressCallback
from mmsearch.indexing.read_ahead import read_ahead
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Modality, Vector

BATCH = 32  # pictures
TEXTS = 512  # between two reports of progress


@dataclass(frozen=True, slots=True)
class Captioned:
    """A picture file and the texts that describe it."""

    found: FoundFile
    texts: tuple[str, ...]


def evaluate_stored(
    store: Store, pictures: VectorSpace, encoder: str, collection: str, language: str | None
) -> EvaluationReport:
    """Measure retrieval on the vectors that a collection has.

    Raises:
        BadInput: If it has no captioned pictures, or none in that language.
    """
    item_ids, images = store.vectors.all(pictures)
    text_ids, texts = store.vectors.all(replace(pictures, modality=Modality.TEXT))
    row = {item_id: i for i, item_id in enumerate(item_ids.tolist())}
    owners, labels = store.read.owners(text_ids.tolist()), store.read.labels(text_ids.tolist())
    kept = [
        i
        for i, text_id in enumerate(text_ids.tolist())
        if owners.get(text_id) in row and _counts(*labels[text_id], language)
    ]
    if not kept:
        raise _no_captions(collection, None, language)
    owner = np.array([row[owners[int(text_ids[i])]] for i in kept], np.int64)
    return evaluate_retrieval(images, texts[kept], owner, encoder=encoder, dataset=collection, language=language)


def evaluate_folder(
    encoder: DualEncoder,
    path: Path,
    split: str | None,
    language: str | None,
    max_pixels: int,
    max_seconds: float,
    progress: ProgressCallback | None,
) -> EvaluationReport:
    """Measure retrieval on a captioned folder or caption file, without a store.

    Raises:
        SourceError: If there is no such folder or file.
        BadInput: If it has no captioned pictures in that split and language.
    """
    scanned = scan(path)
    captioned = _captioned(scanned, split, language)
    meter = Meter(progress)
    images, texts = _encode(encoder, scanned.base, captioned, max_pixels, max_seconds, meter)
    kept = [one for one in captioned if one.found.path in images]
    if not kept:
        raise _no_captions(str(path), split, language)
    owner = np.repeat(np.arange(len(kept)), [len(one.texts) for one in kept])
    return evaluate_retrieval(
        np.stack([images[one.found.path] for one in kept]),
        np.stack([texts[text] for one in kept for text in one.texts]),
        owner,
        encoder=encoder.name,
        dataset=str(path) if split is None else f"{path} {split}",
        language=language,
    )


def _captioned(scanned: ScanResult, split: str | None, language: str | None) -> list[Captioned]:
    """Return the pictures of a split that have captions in a language."""
    found = []
    for file in scanned.files:
        if file.kind is FileKind.PICTURE:
            notes = read_notes(scanned.base, file)
            texts = tuple(text.text for text in notes.texts if _counts(text.kind, text.language, language))
            if texts and split in (None, notes.extra.get("split")):
                found.append(Captioned(file, texts))
    return found


def _counts(kind: str, language: str | None, wanted: str | None) -> bool:
    """Say whether a text is a query of the evaluation: a caption, in the language asked for."""
    return kind == "caption" and wanted in (None, language)


def _encode(
    encoder: DualEncoder,
    base: Path,
    captioned: Sequence[Captioned],
    max_pixels: int,
    max_seconds: float,
    meter: Meter,
) -> tuple[dict[str, Vector], dict[str, Vector]]:
    """Return the vectors of the pictures that could be read, by path, and of the captions, by text."""

    def load(one: Captioned) -> tuple[str, Image.Image] | None:
        try:
            data = read_picture_file(base / one.found.path, base=base, deadline=Deadline(max_seconds))
            side = encoder.image_side
            picture = load_picture(data, side=side, max_pixels=max_pixels, max_seconds=max_seconds)
            return one.found.path, picture.image
        except (BadPicture, SourceError, OSError):
            return None

    images: dict[str, Vector] = {}
    meter.start("pictures", len(captioned))
    loaded = read_ahead(load, captioned, threads=2, ahead=3 * BATCH)
    while batch := list(islice(loaded, BATCH)):
        readable = dict(one for one in batch if one is not None)
        images |= dict(zip(readable, encoder.encode_images(list(readable.values())), strict=True))
        meter.skipped += len(batch) - len(readable)
        meter.step(len(batch))
    words = list(dict.fromkeys(text for one in captioned for text in one.texts))
    meter.start("texts", len(words))
    texts: dict[str, Vector] = {}
    for start in range(0, len(words), TEXTS):
        some = words[start : start + TEXTS]
        texts |= dict(zip(some, encoder.encode_texts(some), strict=True))
        meter.step(len(some))
    return images, texts


def _no_captions(where: str, split: str | None, language: str | None) -> BadInput:
    asked = ", ".join(
        f"{name} {value!r}" for name, value in (("split", split), ("language", language)) if value is not None
    )
    return BadInput(
        f"{where} holds no captioned pictures{f' of {asked}' if asked else ''}. An evaluation needs pictures with "
        "captions: name.txt beside name.jpg, or a captions.jsonl."
    )
