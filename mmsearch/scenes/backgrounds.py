"""What lies behind the things: plain paper, soft gradients and simple landscapes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

VARIANTS = 8  # pictures of each background; the truth does not tell which
Pixels = NDArray[np.float32]  # (side, side, 3), 0 to 255
Rgb = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class Background:
    """A background, and what captions may call it."""

    paint: Callable[[int, np.random.Generator], Pixels]  # from side and generator
    en: str = ""  # "on the grass"; empty where there is nothing to name
    zh: str = ""  # "草地上"
    clashes: frozenset[str] = frozenset()  # colours that would hardly show on it
    shows: frozenset[str] = frozenset()  # things one might see in it, so that nobody can say they are absent


def _tinted(rng: np.random.Generator, colour: Rgb, spread: int = 14) -> NDArray[np.float32]:
    return np.clip(np.array(colour) + rng.integers(-spread, spread + 1, 3), 0, 255).astype(np.float32)


def _slope(side: int, top: NDArray[np.float32], bottom: NDArray[np.float32]) -> Pixels:
    part = np.linspace(0, 1, side, dtype=np.float32)[:, None, None]  # (side, 1, 1)
    return np.broadcast_to(top + (bottom - top) * part, (side, side, 3)).copy()


def _grain(pixels: Pixels, rng: np.random.Generator, strength: float) -> Pixels:
    side = len(pixels)
    coarse = rng.normal(0, strength, (side // 2 + 1, side // 2 + 1)).astype(np.float32)
    return pixels + np.kron(coarse, np.ones((2, 2), np.float32))[:side, :side, None]


def _plain(side: int, rng: np.random.Generator) -> Pixels:
    colours = ((246, 244, 238), (226, 238, 248), (240, 230, 244), (232, 244, 230), (250, 240, 220), (228, 228, 232))
    colour = _tinted(rng, colours[int(rng.integers(len(colours)))], 5)
    return _slope(side, colour, colour)


def _gradient(side: int, rng: np.random.Generator) -> Pixels:
    return _slope(side, _tinted(rng, (214, 220, 236), 22), _tinted(rng, (244, 238, 228), 10))


def _paper(side: int, rng: np.random.Generator) -> Pixels:
    return _grain(_plain(side, rng), rng, 3)


def _land(sky: tuple[Rgb, Rgb], ground: tuple[Rgb, Rgb], grain: float) -> Callable[[int, np.random.Generator], Pixels]:
    """Return a painter of a sky over a softly waving ground."""

    def paint(side: int, rng: np.random.Generator) -> Pixels:
        pixels = _slope(side, _tinted(rng, sky[0]), _tinted(rng, sky[1]))
        low = _grain(_slope(side, _tinted(rng, ground[0]), _tinted(rng, ground[1])), rng, grain)
        at = np.arange(side) / side
        swing = 0.03 * np.sin(2 * np.pi * (at * rng.uniform(0.5, 1.5) + rng.uniform()))
        horizon = rng.uniform(0.28, 0.48) + swing  # (side,), share of the height
        mask = at[:, None] > horizon[None, :]
        pixels[mask] = low[mask]
        return pixels

    return paint


def _sea(side: int, rng: np.random.Generator) -> Pixels:
    pixels = _land(((176, 216, 244), (222, 238, 248)), ((70, 150, 200), (40, 110, 170)), 2)(side, rng)
    rows = (np.arange(side) * 160 // side) % 16 == 0
    pixels[rows & (np.arange(side) > side * 0.52)] += 14
    return pixels


def _room(side: int, rng: np.random.Generator) -> Pixels:
    pixels = _slope(side, _tinted(rng, (244, 232, 210), 8), _tinted(rng, (236, 222, 200), 8))
    floor = round(side * rng.uniform(0.62, 0.72))
    planks = (np.arange(side) * 12 // side) % 2 * 8
    pixels[floor:] = _tinted(rng, (190, 150, 108), 8) + planks[None, :, None]
    pixels[floor : floor + max(2, side // 60)] = (226, 208, 184)
    return pixels


_SKY: tuple[Rgb, Rgb] = ((150, 204, 244), (216, 236, 250))
BACKGROUNDS: dict[str, Background] = {
    "plain": Background(_plain, clashes=frozenset({"white"})),
    "gradient": Background(_gradient, clashes=frozenset({"white"})),
    "paper": Background(_paper, clashes=frozenset({"white"})),
    "grass": Background(
        _land(_SKY, ((150, 204, 104), (116, 178, 76)), 3), "on the grass", "草地上", frozenset({"green"})
    ),
    "sand": Background(
        _land(_SKY, ((240, 218, 168), (226, 198, 142)), 3), "on the sand", "沙地上", frozenset({"yellow", "white"})
    ),
    "snow": Background(
        _land(((168, 196, 222), (210, 224, 236)), ((250, 251, 253), (232, 238, 246)), 1.5),
        "in the snow",
        "雪地里",
        frozenset({"white"}),
        frozenset({"snowflake"}),
    ),
    "sea": Background(_sea, "by the sea", "海边", frozenset({"blue"}), frozenset({"wave", "drop of water"})),
    "night": Background(
        _land(((26, 32, 72), (52, 58, 108)), ((40, 62, 60), (28, 46, 48)), 2),
        "at night",
        "夜色中",
        frozenset({"black", "blue", "brown", "purple"}),
    ),
    "room": Background(_room, "in a room", "房间里", frozenset({"brown"}), frozenset({"brick wall"})),
}


@lru_cache(maxsize=len(BACKGROUNDS) * VARIANTS * 2)
def background_picture(name: str, variant: int, side: int) -> Image.Image:
    """Return variant 0 to VARIANTS - 1 of a background, RGB, side x side. Copy it before you draw on it."""
    rng = np.random.default_rng([sum(name.encode()), variant])
    pixels = BACKGROUNDS[name].paint(side, rng)
    return Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8))
