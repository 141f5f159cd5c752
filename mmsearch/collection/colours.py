"""Brings pictures of any mode to RGB with 8 bits a channel."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_SIXTEEN_BITS = frozenset({"I;16", "I;16B", "I;16L", "I;16N"})
_WIDE = frozenset({"I", "F"})
_WITH_ALPHA = frozenset({"RGBA", "RGBa", "LA", "La", "PA"})
_STRIP = 4_000_000  # pixels converted at once, so that a large picture is in memory once


def to_rgb(image: Image.Image, factor: int = 1) -> Image.Image:
    """Return `image` as RGB: transparency on white, more than 8 bits a channel scaled down.

    Args:
        image: Of any mode.
        factor: Averages squares of this many pixels a side into one.

    Raises:
        ValueError: If Pillow knows no way from its mode.
    """
    convert = _converter(image)
    if factor == 1:
        return convert(image)
    width, height = image.size
    small = Image.new("RGB", (-(-width // factor), -(-height // factor)))
    for top, strip in _strips(image, factor):
        small.paste(convert(strip).reduce(factor), (0, top // factor))
    return small


def _strips(image: Image.Image, factor: int = 1) -> Iterator[tuple[int, Image.Image]]:
    """Yield first row and content of strips whose heights, the last one's aside, are multiples of `factor`."""
    width, height = image.size
    rows = factor * max(1, _STRIP // (width * factor))
    for top in range(0, height, rows):
        yield top, image.crop((0, top, width, min(top + rows, height)))


def _converter(image: Image.Image) -> Callable[[Image.Image], Image.Image]:
    """Return what brings `image`, or a strip of it, to RGB."""
    if image.mode in _SIXTEEN_BITS:
        return lambda strip: _grey(np.asarray(strip).astype(np.float32) / 257)
    if image.mode in _WIDE:
        low, scale = _levels(image)
        return lambda strip: _grey((_values(strip) - low) * scale)
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        return lambda strip: _on_white(strip.convert("RGBA"))
    return lambda strip: strip.convert("RGB")


def _on_white(image: Image.Image) -> Image.Image:
    """Lay an RGBA picture on white."""
    white = Image.new("RGB", image.size, "white")
    white.paste(image, mask=image.getchannel("A"))
    return white


def _levels(image: Image.Image) -> tuple[float, float]:
    """Return what to subtract from, and then to multiply, a grey picture of 32 bits with.

    Integers up to 255 stay, up to 65535 are divided by 257; anything else is stretched
    from its least to its greatest value, since its scale is not known.
    """
    extremes = [
        (float(values.min()), float(values.max())) for _, strip in _strips(image) for values in [_values(strip)]
    ]
    low, high = min(low for low, _ in extremes), max(high for _, high in extremes)
    if image.mode == "I" and low >= 0 and high <= 65535:
        return 0.0, 1.0 if high <= 255 else 1 / 257
    return low, 255 / max(high - low, 1e-12)


def _values(image: Image.Image) -> NDArray[np.float64]:
    """Return the pixels, (H, W); what is no number, or infinite, is 0."""
    return np.nan_to_num(np.asarray(image).astype(np.float64), nan=0.0, posinf=0.0, neginf=0.0)


def _grey(values: NDArray[np.floating]) -> Image.Image:
    """Return a picture of values from 0 to 255."""
    return Image.fromarray(np.rint(values).clip(0, 255).astype(np.uint8)).convert("RGB")
