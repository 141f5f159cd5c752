"""One side of an encoder, pictures or texts alone, with vectors as its model gives them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from shutil import copytree, ignore_patterns
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.model_folder import fingerprint, image_side
from mmsearch.encoders.patches import patches_of
from mmsearch.encoders.sentence_transformer import UNKNOWN_SIDE, load_model, run
from mmsearch.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Rows: TypeAlias = NDArray[np.float32]  # (n, width), of any length
Modality: TypeAlias = Literal["image", "text"]
_BATCH = 16


@dataclass(frozen=True)
class Side:
    """What turns pictures, or texts, into vectors."""

    name: str  # as the user asks for it
    folder: Path  # of the model
    fingerprint: str  # hex; changes whenever the vectors would
    image_side: int  # pixels that it makes use of on a picture's shorter side; 0 of texts
    plain: bool  # whether its module takes strings alone, no dicts
    encode: Callable[[Sequence[Any]], Rows]  # pictures (RGB), or texts, to (n, width)
    patches: Callable[[Image.Image], NDArray[np.float32]]  # a picture to (rows, columns, width)

    def copy_to(self, place: Path) -> None:
        """Write the encoder into a folder that does not exist yet.

        Raises:
            OSError: If it cannot be written.
        """
        if self.plain:
            copytree(self.folder, place, ignore=ignore_patterns("__pycache__", ".*"))
        else:
            load_model(self.folder).save(str(place), create_model_card=False)  # with texts padded as they must be


def dual_side(encoder: DualEncoder, folder: Path, modality: Modality) -> Side:
    """Return one side of an encoder of our own making."""
    encode: Callable[..., Rows] = encoder.encode_images if modality == "image" else encoder.encode_texts
    return Side(
        name=encoder.name,
        folder=folder,
        fingerprint=encoder.fingerprint,
        image_side=encoder.image_side if modality == "image" else 0,
        plain=True,
        encode=encode,
        patches=encoder.encode_patches,
    )


def model_side(model: "SentenceTransformer", folder: Path, modality: Modality, name: str) -> Side:
    """Return one side of a model of sentence-transformers, which may take nothing else.

    Raises:
        EncoderError: If the model does not take pictures ("image"), or texts ("text").
    """
    if modality not in model.modalities:
        takes, what = " and ".join(map(str, model.modalities)), "pictures" if modality == "image" else "texts"
        raise EncoderError(f"The encoder {name} cannot encode {what}; it takes {takes}.")
    described = (folder, *(path.parent for path in folder.rglob("*processor_config.json")))
    side = max(map(image_side, described)) or UNKNOWN_SIDE
    return Side(
        name=name,
        folder=folder,
        fingerprint=fingerprint(folder),
        image_side=side if modality == "image" else 0,
        plain=False,
        encode=partial(_encode, model, name),
        patches=partial(_patches, model, name, side),
    )


def _encode(model: "SentenceTransformer", name: str, items: Sequence[Any]) -> Rows:
    """Encode in batches, texts of like length together."""
    order = sorted(range(len(items)), key=lambda i: len(items[i]) if isinstance(items[i], str) else 0)
    parts = [order[i : i + _BATCH] for i in range(0, len(order), _BATCH)]
    rows = np.concatenate([run(model, [items[i] for i in part], name) for part in parts])
    if not np.isfinite(rows).all():
        raise EncoderError(f"The encoder {name} returned values that are not finite. Is its folder damaged?")
    found = np.empty_like(rows)
    found[order] = rows
    return found


def _patches(model: "SentenceTransformer", name: str, side: int, image: Image.Image) -> NDArray[np.float32]:
    return patches_of(model, image.convert("RGB").resize((side, side)), name)
