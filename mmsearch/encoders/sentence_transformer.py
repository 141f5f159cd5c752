"""Any dual encoder of sentence-transformers or transformers, such as CLIP, from folders on this machine."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.model_folder import FULL_LENGTH, check_folder, fingerprint, image_side
from mmsearch.errors import EncoderError
from mmsearch.models.device import pick_device
from mmsearch.types import Vectors

if TYPE_CHECKING:
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer

UNKNOWN_SIDE = 448  # pixels; what the larger models look at
LARGE = 250_000_000  # parameters from which on a batch of pictures is small
_HALF = {"bert", "chinese_clip", "clip", "distilbert", "metaclip_2", "siglip", "siglip2", "xlm-roberta"}
# model types that run in bfloat16 as they are; others may mix it with float32 pictures and fail


def load_model(folder: Path, device: str = "cpu") -> "SentenceTransformer":
    """Load a folder of sentence-transformers or of transformers; code that comes with it is never run.

    Texts of SigLIP are padded to full length and lower-cased whatever the folder says: unpadded, its scores mean
    nothing, and published folders leave out the padding, and those of SigLIP 2 the lower-casing too
    (arXiv:2502.14786, section 2; `Siglip2Tokenizer` of transformers).

    Raises:
        EncoderError: If it is missing, incomplete or damaged, or the device cannot be used.
    """
    check_folder(folder)
    where = pick_device(device, EncoderError)
    from sentence_transformers import SentenceTransformer
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # its bar would break into our own lines
    try:
        model = SentenceTransformer(str(folder), device=str(where), local_files_only=True, trust_remote_code=False)
        for module in transformer_modules(model):
            _cut_long_texts(module)
            if module.config.model_type in FULL_LENGTH:
                _pad_to_full_length(module)
        return model.eval()
    except Exception as error:  # the library, transformers, safetensors and tokenizers each have errors of their own
        raise EncoderError(
            f"Cannot load the encoder in {folder}: {error}. If a file is missing or damaged, copy or download it anew."
        ) from error


def transformer_modules(model: "torch.nn.Module") -> "list[Transformer]":
    """Return the modules of a model that hold a network of transformers."""
    from sentence_transformers.base.modules import Transformer

    return [module for module in model.modules() if isinstance(module, Transformer)]


def _cut_long_texts(module: "Transformer") -> None:
    """Read no more of a text than there are positions; a published folder may have a vocabulary but no such limit."""
    positions = getattr(module.config.get_text_config(), "max_position_embeddings", None)
    if module.tokenizer is not None and isinstance(positions, int) and positions > 0:
        module.tokenizer.model_max_length = min(module.tokenizer.model_max_length, positions)


def _pad_to_full_length(module: "Transformer") -> None:
    """Make a SigLIP read texts as in training: lower case, padded on the right, the padding not masked."""
    from tokenizers.normalizers import Lowercase, Normalizer
    from tokenizers.normalizers import Sequence as Chain

    tokenizer = module.tokenizer
    if tokenizer is None:  # it takes pictures only
        return
    length = module.config.get_text_config().max_position_embeddings
    given = module.processing_kwargs.get("text", {})
    padded = {**given, "padding": "max_length", "truncation": True, "max_length": length}
    module.processing_kwargs = {**module.processing_kwargs, "text": padded}
    tokenizer.padding_side = "right"
    tokenizer.model_input_names = ["input_ids"]
    backend = tokenizer.backend_tokenizer
    steps: list[Normalizer] = [Lowercase()]
    backend.normalizer = Chain([*steps, backend.normalizer] if backend.normalizer else steps)


def set_speed(model: "SentenceTransformer", device: str) -> None:
    """Run in bfloat16 where the hardware multiplies it and every network of the model can."""
    from mmsearch.nets.dual_network import towers_dtype

    if all(module.config.model_type in _HALF for module in transformer_modules(model)):
        model.to(towers_dtype(pick_device(device, EncoderError)))


class SentenceTransformerEncoder(DualEncoder):
    """Runs a model through sentence-transformers.

    Args:
        model: On its device.
        name: As the user asks for it.
        fingerprint: Hex; changes whenever the vectors would.
        image_side: Pixels that it makes use of on the shorter side.

    Raises:
        EncoderError: If it does not take both pictures and texts, or not into one space.
    """

    def __init__(self, model: "SentenceTransformer", *, name: str, fingerprint: str, image_side: int) -> None:
        self._model, self.name, self.fingerprint, self.image_side = model, name, fingerprint, image_side
        if not {"image", "text"} <= set(model.modalities):
            raise EncoderError(
                f"The encoder {name} takes {' and '.join(map(str, model.modalities))} only; searching pictures by "
                "words needs one that takes image and text. Join two with `mmsearch encoders pair`."
            )
        if sum(weight.numel() for weight in model.parameters()) > LARGE:
            self.batch_size = 8
        self.dim = width(model, "text", name)
        if width(model, "image", name) != self.dim:
            raise EncoderError(
                f"The encoder {name} gives {self.dim} numbers for a text and {width(model, 'image', name)} for a "
                "picture; its parts do not belong together."
            )

    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        return run(self._model, [image.convert("RGB") for image in images], self.name)

    def _encode_patches(self, image: Image.Image) -> NDArray[np.float32]:
        from mmsearch.encoders.patches import patches_of

        side = self.image_side  # a square, of which no processor cuts anything off
        return patches_of(self._model, image.convert("RGB").resize((side, side)), self.name)

    def _encode_texts(self, texts: Sequence[str]) -> Vectors:
        return run(self._model, list(texts), self.name)


def run(model: "SentenceTransformer", inputs: "list[str] | list[Image.Image]", name: str) -> Vectors:
    """Encode one batch of texts or of pictures, (len(inputs), D).

    Raises:
        EncoderError: If the model fails.
    """
    try:
        # texts as dicts: a bare one that looks like the address or the path of a picture would be opened as one
        given = [{"text": each} if isinstance(each, str) else each for each in inputs]
        vectors = model.encode(given, batch_size=len(given), show_progress_bar=False)
    except (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
        raise EncoderError(f"The encoder {name} failed: {error}") from error
    return np.asarray(vectors, np.float32)


def width(model: "SentenceTransformer", modality: str, name: str) -> int:
    """Return how many numbers a model gives for a picture ("image") or a text ("text"), by trying it."""
    if modality == "text":
        return int(run(model, ["a"], name).shape[1])
    return int(run(model, [Image.new("RGB", (32, 32))], name).shape[1])


def open_model(folder: Path, *, name: str, device: str = "auto") -> SentenceTransformerEncoder:
    """Load an encoder of pictures and texts from one folder.

    Raises:
        EncoderError: If it cannot be loaded or is no such encoder.
    """
    model = load_model(folder, device)
    set_speed(model, device)
    side = max((image_side(part) for part in _parts(folder)), default=0)
    return SentenceTransformerEncoder(
        model, name=name, fingerprint=fingerprint(folder), image_side=side or UNKNOWN_SIDE
    )


def _parts(folder: Path) -> list[Path]:
    """Return the folder and those of its modules."""
    return [folder, *(path.parent for path in folder.rglob("*processor_config.json"))]
