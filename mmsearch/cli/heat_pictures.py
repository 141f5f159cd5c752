"""Heat maps over pictures, in the colours of the app: what does not speak is dimmed, what speaks glows."""

import numpy as np
from PIL import Image

from mmsearch.types import HeatMap

# Red, green, blue and opacity from nothing to most, as in `ui/page/heat.js`; cold for what is not wanted.
WARM = ((14, 14, 30, 0.66), (120, 28, 84, 0.5), (236, 92, 36, 0.4), (255, 214, 74, 0.36))
COLD = ((14, 14, 30, 0.66), (36, 52, 140, 0.52), (46, 140, 232, 0.44), (170, 240, 255, 0.4))


def overlaid(picture: Image.Image, heat: HeatMap, *, cold: bool = False) -> Image.Image:
    """Return a picture, RGB and of its own size, with a heat map over it."""
    smooth = Image.fromarray(heat.grid, "F").resize(picture.size, Image.Resampling.BICUBIC)
    value = np.asarray(smooth).clip(0, 1)  # (height, width)
    stops, ramp = np.linspace(0, 1, len(WARM)), np.array(COLD if cold else WARM)
    red, green, blue, cover = (np.interp(value, stops, ramp[:, part]) for part in range(4))
    below = np.asarray(picture.convert("RGB"), float)
    mixed = below * (1 - cover[..., None]) + np.stack([red, green, blue], -1) * cover[..., None]
    return Image.fromarray(mixed.round().astype(np.uint8))
