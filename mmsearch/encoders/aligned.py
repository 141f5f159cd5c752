"""Encoders that were brought into one space by a learner, in folders that hold both and the maps between."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import rmtree
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.folder import is_aligned, is_ours, open_folder
from mmsearch.encoders.model_folder import aligned_identity
from mmsearch.encoders.sentence_transformer import load_model, set_speed
from mmsearch.encoders.sides import Modality, Rows, Side, dual_side, model_side
from mmsearch.errors import EncoderError
from mmsearch.nets.aligned_folder import SIDES, read_description, read_projections
from mmsearch.nets.aligned_saving import write_projections
from mmsearch.types import Vectors

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import nn

TOGETHER = "encoder"  # the folder of an encoder of both sides


class AlignedEncoder(DualEncoder):
    """Two encoders, and the maps from their vectors to a common space.

    Args:
        sides: Of pictures ("image") and of texts ("text").
        projections: Likewise.
        name: As the user asks for it.
        fingerprint: Hex; changes whenever the vectors would.
        dim: Columns of the common space.
    """

    def __init__(
        self,
        sides: Mapping[str, Side],
        projections: "Mapping[str, nn.Module]",
        *,
        name: str,
        fingerprint: str,
        dim: int,
    ) -> None:
        self.sides, self.projections = sides, projections
        self.name, self.fingerprint, self.dim = name, fingerprint, dim
        self.image_side = sides["image"].image_side

    def _project(self, side: str, rows: Rows) -> Vectors:
        import torch

        with torch.inference_mode():
            found: Vectors = self.projections[side](torch.from_numpy(rows)).numpy()
        return found

    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        return self._project("image", self.sides["image"].encode([image.convert("RGB") for image in images]))

    def _encode_texts(self, texts: Sequence[str]) -> Vectors:
        return self._project("text", self.sides["text"].encode(texts))

    def _encode_patches(self, image: Image.Image) -> NDArray[np.float32]:
        patches = self.sides["image"].patches(image)
        rows, columns, width = patches.shape
        return self._project("image", patches.reshape(-1, width)).reshape(rows, columns, -1)


def open_aligned(folder: Path, *, name: str, device: str = "auto") -> AlignedEncoder:
    """Load what `write_aligned` wrote.

    Raises:
        EncoderError: If it is incomplete or damaged, or the device cannot be used.
    """
    from safetensors import SafetensorError

    known = aligned_identity(folder)
    try:
        places = {side: str(read_description(folder)["sides"][side]["folder"]) for side in SIDES}
        projections = read_projections(folder)
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise EncoderError(f"Cannot load the encoder in {folder}: {error}. Make it anew: mmsearch align") from error
    sides = open_sides(folder / places["image"], folder / places["text"], names=(name, name), device=device)
    return AlignedEncoder(sides, projections, name=name, fingerprint=known.fingerprint, dim=known.dim)


def open_sides(image: Path, text: Path, *, names: tuple[str, str], device: str = "auto") -> dict[str, Side]:
    """Load the folders of two encoders, once if they are the same, for pictures ("image") and texts ("text").

    Args:
        image: Of our own kind, or of sentence-transformers.
        text: Likewise; such as a model of texts alone.
        names: Of both, as the user asks for them.
        device: "auto", "cpu", "cuda", …

    Raises:
        EncoderError: If one cannot be loaded, or does not take what it should.
    """
    wanted: tuple[tuple[Path, Modality, str], ...] = ((image, "image", names[0]), (text, "text", names[1]))
    loaded: dict[Path, DualEncoder | SentenceTransformer] = {}
    sides: dict[str, Side] = {}
    for folder, modality, name in wanted:
        if folder not in loaded:
            loaded[folder] = _load(folder, name, device)
        model = loaded[folder]
        if isinstance(model, DualEncoder):
            sides[modality] = dual_side(model, folder, modality)
        else:
            sides[modality] = model_side(model, folder, modality, name)
    return sides


def _load(folder: Path, name: str, device: str) -> "DualEncoder | SentenceTransformer":
    if is_aligned(folder):
        return open_aligned(folder, name=name, device=device)
    if is_ours(folder):
        return open_folder(folder, name=name, device=device)
    model = load_model(folder, device)
    set_speed(model, device)
    return model


def write_aligned(folder: Path, sides: Mapping[str, Side], projections: "Mapping[str, nn.Module]", dim: int) -> None:
    """Write a folder that any SentenceTransformer loads, and `load_encoder`; an older one stays until it is whole.

    Args:
        folder: Replaced if it is there.
        sides: The encoders of pictures ("image") and of texts ("text"); copies of them are written.
        projections: Likewise.
        dim: Columns of the common space.

    Raises:
        OSError: If it cannot be written.
    """
    from safetensors import SafetensorError

    one = sides["image"].folder == sides["text"].folder
    places = dict.fromkeys(SIDES, TOGETHER) if one else {side: side for side in SIDES}
    part = folder.with_name(f"{folder.name}.part")
    rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    try:
        for side in ("image",) if one else SIDES:
            sides[side].copy_to(part / places[side])
        write_projections(
            part,
            projections,
            places,
            dim=dim,
            image_side=sides["image"].image_side,
            plain_texts=sides["text"].plain,
        )
    except (OSError, SafetensorError, RuntimeError) as error:  # the libraries report a full disk so
        rmtree(part, ignore_errors=True)
        raise OSError(str(error)) from error
    rmtree(folder, ignore_errors=True)
    part.replace(folder)
