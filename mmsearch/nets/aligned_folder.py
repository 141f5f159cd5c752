"""A folder of two encoders and the maps that bring them into one space; it needs nothing of mmsearch.

`aligned.json` says where each encoder lies in the folder and of which kind the maps are. A copy of this file lies in
every such folder.
"""

import json
from pathlib import Path
from typing import Any

from torch import nn

from .projections import built
from .rows8 import load_tensors

ALIGNED = "aligned.json"
FORMAT = 1  # raised when the same files would give other vectors
SIDES = ("image", "text")


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
