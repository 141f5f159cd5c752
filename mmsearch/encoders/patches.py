"""The parts of a picture in the space of texts, by a vision transformer that was trained to place whole pictures there.

Each token of the last layer takes the way of the whole picture: through the last norm and the projection (CLIP), or
through the head that pools by attention, which then attends to this token alone (SigLIP). So MaskCLIP finds
things with a CLIP (arXiv:2112.01071).
"""

from collections.abc import Mapping
from math import isqrt
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.sentence_transformer import transformer_modules
from mmsearch.errors import EncoderError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from torch import Tensor


def patches_of(model: "SentenceTransformer", image: Image.Image, name: str) -> NDArray[np.float32]:
    """Return the vectors of the parts of a square picture, (rows, columns, dim), not of unit length.

    Args:
        model: On its device.
        image: RGB.
        name: Of the encoder, for errors.

    Raises:
        EncoderError: If the model is of another kind, or fails.
    """
    import torch

    for module in transformer_modules(model):
        network: Any = module.model
        if not hasattr(network, "vision_model") or "image" not in module.modalities:
            continue
        try:
            with torch.inference_mode():
                read = module.preprocess([image])
                found = _through(network, {key: each.to(model.device) for key, each in read.items() if key in _READ})
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError, AttributeError) as error:
            raise EncoderError(f"The encoder {name} failed: {error}") from error
        if found is not None:
            return found.float().cpu().numpy()
    raise EncoderError(
        f"The encoder {name} cannot tell the parts of a picture apart: it is neither a CLIP nor a SigLIP."
    )


_READ = frozenset({"pixel_values", "pixel_attention_mask", "spatial_shapes"})  # what a vision transformer takes


def _through(network: Any, read: "Mapping[str, Tensor]") -> "Tensor | None":  # noqa: ANN401 - of transformers
    """Return parts in the space of texts, (rows, columns, dim); None if the network has neither way there."""
    vision, mask = network.vision_model, read.get("pixel_attention_mask")
    weight = next(vision.parameters())
    tokens = vision(**{**read, "pixel_values": read["pixel_values"].to(weight.dtype)}).last_hidden_state[0]  # (T, W)
    if mask is not None:
        tokens = tokens[mask[0].bool()]
    if hasattr(network, "visual_projection"):
        placed = network.visual_projection(vision.post_layernorm(tokens[1:]))  # the first token is of no place
    elif getattr(vision, "head", None) is not None:
        placed = vision.head(tokens[:, None])
    else:
        return None
    return placed.unflatten(0, (isqrt(len(placed)), -1))  # type: ignore[no-any-return]
