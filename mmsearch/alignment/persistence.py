"""How a fitted learner lies on disk: `aligner.json` and safetensors, nothing that could run code."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from torch import Tensor

from mmsearch.errors import BadInput
from mmsearch.nets.rows8 import load_tensors, save_tensors

CONFIG = "aligner.json"
FORMAT = 1  # raised when the same files would give other vectors


@dataclass(frozen=True, slots=True)
class Saved:
    """What a folder holds of a learner."""

    method: str  # name of its class
    parameters: dict[str, Any]  # of its constructor
    widths: tuple[int, ...]  # columns of each view
    tensors: dict[str, Tensor]


def write_folder(folder: Path, saved: Saved) -> None:
    """Write a learner into a folder, which is made if missing; an older one in it is replaced.

    Raises:
        BadInput: If the folder cannot be written.
    """
    content = {"format": FORMAT, "method": saved.method, "parameters": saved.parameters, "widths": saved.widths}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / CONFIG).unlink(missing_ok=True)  # written last: a folder that was left half-way is refused
        save_tensors(folder, saved.tensors)
        (folder / CONFIG).write_text(json.dumps(content, indent=2) + "\n", encoding="utf8")
    except OSError as error:
        raise BadInput(f"Cannot write the learner to {folder}: {error}.") from error


def read_folder(folder: Path) -> Saved:
    """Read what `write_folder` wrote.

    Raises:
        BadInput: If it is not there, damaged, or of a newer form.
    """
    try:
        content: Mapping[str, Any] = json.loads((folder / CONFIG).read_text(encoding="utf8"))
        if content["format"] != FORMAT:
            raise BadInput(f"{folder} has format {content['format']}; this version of mmsearch reads {FORMAT}.")
        tensors = load_tensors(folder)
        return Saved(content["method"], dict(content["parameters"]), tuple(content["widths"]), tensors)
    except OSError as error:
        raise BadInput(f"{folder} holds no saved learner: {error}.") from error
    except (ValueError, KeyError, TypeError, SafetensorError) as error:
        raise BadInput(f"The learner saved in {folder} is damaged: {error}. Fit and save it again.") from error
