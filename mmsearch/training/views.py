"""Opening a training picture, and ways to look at it; in use a picture is only ever seen as it is."""

from collections.abc import Callable
from pathlib import Path
from random import Random

from PIL import Image, ImageOps

from mmsearch.errors import TrainingError

_KEPT = (0.75, 0.95)  # share of each side that a crop keeps


def open_picture(path: Path) -> Image.Image:
    """Return a training picture, upright and RGB.

    Raises:
        TrainingError: If it cannot be read.
    """
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except OSError as error:
        raise TrainingError(
            f"Cannot read the training picture {path}: {error}. Mend it or take its line out."
        ) from error


def _flipped(image: Image.Image, _: Random) -> Image.Image:
    return image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)


def _cropped(image: Image.Image, random: Random) -> Image.Image:
    """Cut a random rectangle out; what a caption speaks of is nearly always still in it."""
    wide, high = (round(n * random.uniform(*_KEPT)) for n in image.size)
    left, top = random.randint(0, image.width - wide), random.randint(0, image.height - high)
    return image.crop((left, top, left + wide, top + high))


VIEWS: dict[str, Callable[[Image.Image, Random], Image.Image]] = {
    "as it is": lambda image, _: image,
    "flipped": _flipped,
    "cropped": _cropped,
    "cropped and flipped": lambda image, random: _flipped(_cropped(image, random), random),
}
