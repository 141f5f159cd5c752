"""An encoder whose vectors a reader can work out by hand."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.types import Vectors

# Colour name -> (RGB of its solid picture, words that mean it, in English and Chinese).
COLOURS: dict[str, tuple[tuple[int, int, int], tuple[str, ...]]] = {
    "red": ((255, 0, 0), ("red", "红")),
    "green": ((0, 255, 0), ("green", "绿")),
    "blue": ((0, 0, 255), ("blue", "蓝")),
    "yellow": ((255, 255, 0), ("yellow", "黄")),
    "black": ((0, 0, 0), ("black", "黑")),
    "white": ((255, 255, 255), ("white", "白")),
}
_UNKNOWN = len(COLOURS)  # the last axis: a text that names no colour


def colour_picture(name: str, size: tuple[int, int] = (32, 32)) -> Image.Image:
    """Return a solid picture of one of `COLOURS`."""
    return Image.new("RGB", size, COLOURS[name][0])


class KeywordEncoder(DualEncoder):
    """One axis a colour, and a last one for texts that name none.

    A picture lies on the axis of the colour nearest to its mean; a text is the sum of the axes of the
    colours it names. So "red" meets a red picture at cosine 1, "red and blue" at 0.707, "green" at 0.
    """

    image_side = 16

    def __init__(self, name: str = "keywords", fingerprint: str = "0123456789abcdef") -> None:
        self.name, self.fingerprint = name, fingerprint
        self.dim = len(COLOURS) + 1

    def _encode_images(self, images: Sequence[Image.Image]) -> Vectors:
        palette = np.array([rgb for rgb, _ in COLOURS.values()], np.float32)  # (colours, 3)
        means = np.array([np.asarray(im.convert("RGB"), np.float32).mean((0, 1)) for im in images])  # (n, 3)
        nearest = ((means[:, None] - palette) ** 2).sum(-1).argmin(1)  # (n,)
        return np.eye(self.dim, dtype=np.float32)[nearest]

    def _encode_texts(self, texts: Sequence[str]) -> Vectors:
        vectors = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(vectors, texts, strict=True):
            for axis, (_, words) in enumerate(COLOURS.values()):
                row[axis] = any(word in text.lower() for word in words)
            row[_UNKNOWN] = not row.any()
        return vectors
