"""Pictures to pixels, the same in training and in use."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor


def flat_rgb(image: Image.Image) -> Image.Image:
    """Return an RGB picture of any mode; what is transparent becomes white."""
    if image.mode == "RGB":
        return image
    if image.mode.startswith("I;16"):  # Pillow would clip the upper 8 bits away
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    return image.convert("RGB")


def squares(images: Sequence[Image.Image], side: int) -> Tensor:
    """Resize to a square, squashed rather than cropped so that nothing at the rim is lost.

    Args:
        images: Of any mode and size, turned upright.
        side: Pixels.

    Returns:
        (B, 3, side, side) uint8, RGB, in channels-last memory.
    """
    batch = np.empty((len(images), side, side, 3), np.uint8)

    def fill(row: NDArray[np.uint8], image: Image.Image) -> None:
        row[:] = np.asarray(flat_rgb(image).resize((side, side), Image.Resampling.BICUBIC, reducing_gap=2.0))

    with ThreadPoolExecutor(torch.get_num_threads()) as pool:  # Pillow lets others work while it resizes
        list(pool.map(fill, batch, images))  # an error is raised here
    return torch.from_numpy(batch).permute(0, 3, 1, 2)


def normalised(pixels: Tensor, dtype: torch.dtype) -> Tensor:
    """Return (value - 127) / 128 of uint8 pixels, as EfficientNet-Lite was trained; exact in bfloat16 too."""
    return (pixels.to(dtype) - 127) / 128
