"""Writes the maps that bring two encoders into one space beside copies of these; `aligned_folder` reads them."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from .aligned_folder import ALIGNED, FORMAT, SIDES
from .loadable import make_loadable
from .projections import described
from .rows8 import save_tensors

# Copied into the folder as they are; they import each other relatively and nothing else of ours.
CODE = (
    "aligned_folder.py",
    "aligned_module.py",
    "messages.py",
    "projections.py",
    "projectors.py",
    "rows8.py",
)


def write_projections(
    folder: Path,
    projections: Mapping[str, nn.Module],
    places: Mapping[str, str],
    *,
    dim: int,
    image_side: int,
    plain_texts: bool,
) -> None:
    """Make a folder that holds encoders one that `SentenceTransformer(folder, trust_remote_code=True)` loads.

    Args:
        folder: Holds the encoders, each in a folder of its own.
        projections: Of pictures ("image") and of texts ("text").
        places: Likewise, the names of the folders of the encoders, which may be one.
        dim: Columns of the common space.
        image_side: Pixels that the encoder of pictures makes use of on the shorter side.
        plain_texts: Whether the encoder of texts takes strings alone, not dicts that say that they are texts.

    Raises:
        OSError: If it cannot be written.
    """
    sides: dict[str, dict[str, Any]] = {
        side: {"folder": places[side], "projection": described(projections[side])} for side in SIDES
    }
    sides["text"]["plain"] = plain_texts
    description = {"format": FORMAT, "dim": dim, "image_side": image_side, "sides": sides}
    tensors: dict[str, Tensor] = {
        f"{side}.{name}": tensor.cpu() for side in SIDES for name, tensor in projections[side].state_dict().items()
    }
    save_tensors(folder, tensors)
    (folder / ALIGNED).write_text(json.dumps(description, indent=2) + "\n", encoding="utf8")
    make_loadable(folder, "aligned_module.AlignedModule", CODE)
