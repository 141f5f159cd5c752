"""Colour words, and how a picture is given another colour."""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Shares: TypeAlias = NDArray[np.floating]  # 0 to 1
_BAND = 45.0  # degrees around the prevailing hue that are replaced
_GREY = 0.06  # chroma below which a pixel has no hue worth replacing
_LIGHT = (0.45, 1.5)  # how far shading may go below and above the new colour


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour that captions name."""

    name: str
    zh: str  # without 色
    rgb: tuple[int, int, int]
    near: frozenset[str]  # colours that somebody might call it instead


COLOURS: dict[str, Colour] = {
    colour.name: colour
    for colour in (
        Colour("red", "红", (222, 36, 36), frozenset({"orange", "pink", "brown"})),
        Colour("orange", "橙", (250, 140, 22), frozenset({"red", "yellow", "brown"})),
        Colour("yellow", "黄", (252, 214, 40), frozenset({"orange", "white"})),
        Colour("green", "绿", (52, 160, 60), frozenset()),
        Colour("blue", "蓝", (38, 96, 222), frozenset({"purple"})),
        Colour("purple", "紫", (134, 58, 184), frozenset({"blue", "pink"})),
        Colour("pink", "粉", (250, 138, 184), frozenset({"red", "purple", "white"})),
        Colour("brown", "棕", (124, 78, 46), frozenset({"red", "orange", "black"})),
        Colour("black", "黑", (48, 48, 52), frozenset({"brown"})),
        Colour("white", "白", (240, 240, 240), frozenset({"yellow", "pink"})),
    )
}


def clearly_different(one: str, other: str) -> bool:
    """Return whether nobody would take one colour for the other."""
    return one != other and other not in COLOURS[one].near and one not in COLOURS[other].near


@dataclass(frozen=True, slots=True)
class Tones:
    """What is needed to give a picture another colour: found once, used for every colour."""

    picture: Image.Image  # RGBA
    mask: Image.Image  # L; 255 where the prevailing hue is, 0 where a grey or another hue stays
    light: Image.Image  # L; shading, from 0 for _LIGHT[0] times the usual to 255 for _LIGHT[1] times


def tones(picture: Image.Image) -> Tones:
    """Return where an RGBA picture has its prevailing hue, and how light it is there."""
    pixels = np.asarray(picture, np.float32) / np.float32(255)  # (h, w, 4)
    rgb, alpha = pixels[..., :3], pixels[..., 3]
    chroma = rgb.max(-1) - rgb.min(-1)  # (h, w)
    hue = _hue(rgb, chroma)
    weight = chroma * alpha * (chroma > _GREY)
    distance = np.abs((hue - _prevailing(hue, weight) + 180) % 360 - 180)
    share = np.clip((_BAND + 10 - distance) / 10, 0, 1) * np.clip(chroma / _GREY - 1, 0, 1)
    light = rgb @ np.array([0.299, 0.587, 0.114], np.float32)
    usual = np.average(light, weights=weight * (distance < _BAND) + 1e-9)
    scaled = (np.clip(light / usual, *_LIGHT) - _LIGHT[0]) / (_LIGHT[1] - _LIGHT[0])
    return Tones(picture, _as_picture(share), _as_picture(scaled))


def recoloured(of: Tones, colour: str) -> Image.Image:
    """Return the picture with its prevailing hue replaced; greys and other hues stay, shading too."""
    light = np.linspace(*_LIGHT, 256)[:, None]  # (256, 1)
    goal = np.array(COLOURS[colour].rgb, np.float64)  # (3,)
    shades = np.where(light <= 1, goal * light, goal + (255 - goal) * (light - 1) * 0.8).round().astype(int)  # (256, 3)
    painted = Image.merge("RGB", [of.light.point(column) for column in shades.T.tolist()])
    mixed = Image.composite(painted, of.picture.convert("RGB"), of.mask)
    mixed.putalpha(of.picture.getchannel("A"))
    return mixed


def _as_picture(shares: Shares) -> Image.Image:
    return Image.fromarray((shares * 255 + 0.5).astype(np.uint8))


def _hue(rgb: Shares, chroma: Shares) -> Shares:
    """Return the hue of each pixel in degrees."""
    red, green, blue = rgb[..., 0], rgb[..., 1], rgb[..., 2]
    safe = np.maximum(chroma, 1e-6)
    top = rgb.argmax(-1)
    choices = [(green - blue) / safe % 6, (blue - red) / safe + 2, (red - green) / safe + 4]
    return np.asarray(60 * np.choose(top, choices))


def _prevailing(hue: Shares, weight: Shares) -> float:
    """Return the hue around which most of the coloured area lies."""
    counts, _ = np.histogram(hue, bins=36, range=(0, 360), weights=weight)
    smooth = counts + np.roll(counts, 1) + np.roll(counts, -1)
    return float(smooth.argmax() * 10 + 5)
