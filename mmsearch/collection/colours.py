"""Brings pictures of any mode to RGB with 8 bits a channel."""

import numpy as np
from PIL import Image

_WIDE = frozenset({"I", "F", "I;16", "I;16B", "I;16L", "I;16N"})
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})


def to_rgb(image: Image.Image) -> Image.Image:
    """Return `image` as RGB: transparency on white, more than 8 bits a channel scaled down.

    Raises:
        ValueError: If Pillow knows no way from its mode.
    """
    if image.mode == "RGB" and "transparency" not in image.info:
        return image
    if image.mode in _WIDE:
        return _narrowed(image).convert("RGB")
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return _on_white(image.convert("RGBA"))
    return image.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    """Lay an RGBA picture on white."""
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _narrowed(image: Image.Image) -> Image.Image:
    """Return a grey picture of 16 or 32 bits, or of floats, with 8 bits.

    Integers up to 255 stay, up to 65535 are divided by 257; anything else is stretched
    from its least to its greatest value, since its scale is not known.
    """
    values = np.nan_to_num(np.asarray(image).astype(np.float32), posinf=0.0, neginf=0.0)  # (H, W)
    low, high = float(values.min()), float(values.max())
    if image.mode.startswith("I;16") or (image.mode == "I" and low >= 0 and 255 < high <= 65535):
        values /= 257
    elif image.mode == "F" or low < 0 or high > 255:
        values = (values - low) * (255 / max(high - low, 1e-12))
    return Image.fromarray(np.rint(values).astype(np.uint8))
