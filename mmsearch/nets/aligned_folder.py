"""A folder of two encoders and the maps that bring them into one space; it needs nothing of mmsearch.

`aligned.json` says where each encoder lies in the folder and of which kind the maps are. A copy of this file lies in
every such folder.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from shutil import copyfile
from typing import Any

from torch import Tensor, nn

from .projections import built, described
from .rows8 import load_tensors, save_tensors

ALIGNED = "aligned.json"
FORMAT = 1  # raised when the same files would give other vectors
SIDES = ("image", "text")
# Copied into the folder as they are; they import each other relatively and nothing else of ours.
CODE = (
    "aligned_folder.py",
    "aligned_module.py",
    "messages.py",
    "projections.py",
    "projectors.py",
    "rows8.py",
)
_MODULES = [{"idx": 0, "name": "0", "path": "", "type": "aligned_module.AlignedModule"}]
_MODEL: dict[str, object] = {
    "model_type": "SentenceTransformer",
    "prompts": {},
    "default_prompt_name": None,
    "similarity_fn_name": "cosine",
}


def read_description(folder: Path) -> dict[str, Any]:
    """Return what an aligned folder says of itself.

    Raises:
        OSError: If it says nothing.
        ValueError: If that is damaged, or of another format.
    """
    description: dict[str, Any] = json.loads((folder / ALIGNED).read_text(encoding="utf8"))
    if description.get("format") != FORMAT:
        raise ValueError(f"{ALIGNED} has format {description.get('format')}; this version reads {FORMAT}")
    return description


def read_projections(folder: Path) -> dict[str, nn.Module]:
    """Return the maps of pictures and texts of an aligned folder, ready for inference.

    Raises:
        OSError: If a file is missing.
        ValueError, KeyError, TypeError, RuntimeError, SafetensorError: If one is damaged.
    """
    sides = read_description(folder)["sides"]
    tensors = load_tensors(folder)
    made = {}
    for side in SIDES:
        projection = built(sides[side]["projection"])
        projection.load_state_dict({n.removeprefix(f"{side}."): t for n, t in tensors.items() if n.startswith(side)})
        made[side] = projection.requires_grad_(False).eval()
    return made


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
    contents = {ALIGNED: description, "modules.json": _MODULES, "config_sentence_transformers.json": _MODEL}
    for name, content in contents.items():
        (folder / name).write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    for name in CODE:
        copyfile(Path(__file__).with_name(name), folder / name)
