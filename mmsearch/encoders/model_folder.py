"""What a model folder of sentence-transformers or transformers says of itself, read without either library."""

import json
import math
from pathlib import Path
from typing import Any

from mmsearch.encoders.folder import ALIGNED, Identity
from mmsearch.errors import EncoderError
from mmsearch.models.fingerprint import folder_fingerprint

RULES = 1  # raised when the same files would give other vectors, such as by another way to pad texts
FULL_LENGTH = frozenset({"siglip", "siglip2"})  # model types that read texts padded to their full length
_WIDTHS = {  # model type -> what transformers takes for the width of the common space where config.json says nothing
    "align": 640,
    "altclip": 768,
    "chinese_clip": 512,
    "clip": 512,
    "metaclip_2": 512,
    "siglip": 768,
    "siglip2": 768,
}


def check_folder(folder: Path) -> None:
    """Refuse a folder that holds no model, or one whose description cannot be read.

    Raises:
        EncoderError: If so.
    """
    described = [folder / name for name in ("modules.json", "config.json") if (folder / name).is_file()]
    if not described:
        raise EncoderError(f"{folder} is no model folder: it has neither modules.json nor config.json.")
    for path in described:
        read_json(path)


def read_json(path: Path) -> Any:  # noqa: ANN401 - whatever the file holds
    """Return what a JSON file holds, an empty dict if there is none.

    Raises:
        EncoderError: If it is damaged.
    """
    try:
        return json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
    except (OSError, ValueError) as error:
        raise EncoderError(f"Cannot read {path}: {error}. Copy or download the model anew.") from error


def describe(folder: Path) -> Identity | None:
    """Return what a folder says of its encoder without loading it, None where it does not say its width.

    Raises:
        EncoderError: If a file is damaged.
    """
    try:
        branches = _branches(folder)
        dims = [dim for branch in branches if (dim := _dim(branch)) is not None]
        if len(dims) < len(branches) or len(set(dims)) != 1:
            return None
        return Identity(fingerprint(folder), dims[0], max(image_side(branch[0]) for branch in branches))
    except (KeyError, TypeError, AttributeError, ValueError, IndexError):
        return None  # of a form not known here; loading it tells


def aligned_identity(folder: Path) -> Identity:
    """Return what a folder of aligned encoders says of itself, without loading it.

    Raises:
        EncoderError: If it is damaged.
    """
    try:
        description = read_json(folder / ALIGNED)
        return Identity(fingerprint(folder), int(description["dim"]), int(description["image_side"]))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise EncoderError(f"Cannot load the encoder in {folder}: {error!r}. Make it anew: mmsearch align") from error


def _branches(folder: Path) -> list[list[Path]]:
    """Return the folders of a model's modules, in the order in which each input passes them."""
    modules = read_json(folder / "modules.json")
    if not modules:
        return [[folder]]
    paths = [folder / module["path"] for module in modules]
    router = read_json(paths[0] / "router_config.json")
    if not router:
        return [paths]
    return [[*(paths[0] / name for name in names), *paths[1:]] for names in router["structure"].values()]


def _dim(modules: list[Path]) -> int | None:
    """Return the width that a chain of modules gives."""
    dim = None
    for module in modules:
        config = read_json(module / "config.json")
        if "out_features" in config:
            dim = int(config["out_features"])
        elif config.get("model_type") in _WIDTHS:
            dim = _width(config)
    return dim


def _width(config: dict[str, Any]) -> int:
    text = config.get("text_config") or {}
    said = (text.get("projection_size") or text.get("hidden_size")) if config["model_type"] in FULL_LENGTH else None
    return int(said or config.get("projection_dim") or _WIDTHS[config["model_type"]])


def image_side(folder: Path) -> int:
    """Return the pixels that a picture module makes use of on the shorter side, 0 if it takes no pictures."""
    told = read_json(folder / "preprocessor_config.json") or read_json(folder / "processor_config.json")
    told = told.get("image_processor", told)
    size = told.get("size")
    if isinstance(size, int):
        return size
    if isinstance(size, dict):
        return int(size.get("shortest_edge") or min(size["height"], size["width"]))
    if "max_num_patches" in told:  # as many patches as fit, in any shape
        return math.isqrt(int(told["max_num_patches"])) * int(told["patch_size"])
    return int((read_json(folder / "config.json").get("vision_config") or {}).get("image_size", 0))


def fingerprint(folder: Path) -> str:
    """Return a digest of the files that a model's vectors depend on."""
    return folder_fingerprint(folder, RULES)
