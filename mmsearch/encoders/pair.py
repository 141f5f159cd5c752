"""One encoder out of a model of pictures and a model of texts that share a space."""

from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mmsearch.encoders.folder import is_aligned, is_ours
from mmsearch.encoders.model_folder import fingerprint, image_side
from mmsearch.encoders.sentence_transformer import (
    UNKNOWN_SIDE,
    SentenceTransformerEncoder,
    load_model,
    set_speed,
    width,
)
from mmsearch.errors import BadInput, EncoderError
from mmsearch.models.hub_cache import cached_folder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def join(image: Path, text: Path, device: str = "cpu") -> "SentenceTransformer":
    """Load two folders as one model, whose `Router` sends pictures to the first and texts to the second.

    Raises:
        EncoderError: If one cannot be loaded, does not take its input, or gives another width than the other.
    """
    pictures, texts = load_model(image, device), load_model(text, device)
    for model, folder, modality in ((pictures, image, "image"), (texts, text, "text")):
        if modality not in model.modalities:
            raise EncoderError(f"The model in {folder} does not take {modality}; it takes {model.modalities}.")
    widths = width(pictures, "image", str(image)), width(texts, "text", str(text))
    if widths[0] != widths[1]:
        raise EncoderError(
            f"{image} gives {widths[0]} numbers for a picture and {text} gives {widths[1]} for a text. "
            "Only models that were trained for one space can be joined."
        )
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Router

    routes: dict[str, Any] = {"image": list(pictures.children()), "text": list(texts.children())}
    router = Router(routes, default_route="text", route_mappings={(None, "image"): "image", (None, "text"): "text"})
    return SentenceTransformer(modules=[router], device=str(pictures.device))


def open_pair(image: Path, text: Path, *, name: str, device: str = "auto") -> SentenceTransformerEncoder:
    """Load two folders as one encoder.

    Raises:
        EncoderError: As `join` says.
    """
    model = join(image, text, device)
    set_speed(model, device)
    side = max(image_side(path.parent) for path in image.rglob("*processor_config.json"))
    return SentenceTransformerEncoder(
        model, name=name, fingerprint=pair_fingerprint(image, text), image_side=side or UNKNOWN_SIDE
    )


def pair_fingerprint(image: Path, text: Path) -> str:
    """Return a digest of the files of both folders."""
    return blake2b(f"{fingerprint(image)} {fingerprint(text)}".encode(), digest_size=8).hexdigest()


def pair_encoders(image: str, text: str, output: Path) -> None:
    """Write a model folder that joins two.

    Args:
        image: Folder, or hub id of the cache, of the model of pictures.
        text: Likewise of texts.
        output: A folder that does not exist yet, or is empty.

    Raises:
        BadInput: If the output cannot be used, or an input is not on this machine.
        EncoderError: As `join` says.
    """
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise BadInput(f"{output} exists already. Name a new folder.")
    model = join(_folder(image), _folder(text))
    try:
        model.save(str(output), create_model_card=False)
    except OSError as error:
        raise BadInput(f"Cannot write {output}: {error}.") from error


def _folder(name: str) -> Path:
    folder = Path(name) if Path(name).is_dir() else cached_folder(name) if name.count("/") == 1 else None
    if folder is None:
        raise BadInput(
            f"{name} is no folder and no model on this machine. If it is a hub id: mmsearch encoders download {name}"
        )
    if is_ours(folder) or is_aligned(folder):
        raise BadInput(f"{name} takes pictures and texts in a format of its own, and cannot be joined.")
    return folder
