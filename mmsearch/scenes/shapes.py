"""Shapes that are drawn rather than cut from the font; red, to be recoloured."""

import math
from collections.abc import Callable

from PIL import Image, ImageDraw

SIDE = 128  # pixels of a finished shape
_FINE = 4  # drawn so many times larger, then reduced, for smooth edges
_RED, _LIGHT, _DARK = (214, 48, 48, 255), (236, 84, 84, 255), (160, 30, 30, 255)
Point = tuple[float, float]


def draw_shape(name: str) -> Image.Image:
    """Return the shape called `name`, (128, 128) RGBA on nothing.

    Raises:
        KeyError: If `name` is not a key of `SHAPES`.
    """
    picture = Image.new("RGBA", (SIDE * _FINE, SIDE * _FINE))
    SHAPES[name](_Pen(picture))
    return picture.resize((SIDE, SIDE), Image.Resampling.BOX)


class _Pen:
    """Draws in a unit square."""

    def __init__(self, picture: Image.Image) -> None:
        self._draw = ImageDraw.Draw(picture)
        self._side = picture.width

    def polygon(self, points: list[Point], fill: tuple[int, ...] = _RED) -> None:
        self._draw.polygon([(x * self._side, y * self._side) for x, y in points], fill=fill)

    def oval(self, x0: float, y0: float, x1: float, y1: float, fill: tuple[int, ...] = _RED) -> None:
        self._draw.ellipse([value * self._side for value in (x0, y0, x1, y1)], fill=fill)

    def box(self, x0: float, y0: float, x1: float, y1: float, fill: tuple[int, ...] = _RED) -> None:
        self._draw.rectangle([value * self._side for value in (x0, y0, x1, y1)], fill=fill)


def _ball(pen: _Pen) -> None:
    steps = 24
    for step in range(steps):
        part = step / (steps - 1)
        tone = tuple(round(dark + (light - dark) * part) for dark, light in zip(_DARK, _LIGHT, strict=True))
        radius = 0.48 * (1 - part) ** 0.8
        centre = 0.5 - 0.14 * part
        pen.oval(centre - radius, centre - radius, centre + radius, centre + radius, tone)


def _star(pen: _Pen) -> None:
    points = []
    for at in range(10):
        radius, angle = (0.5, 0.21)[at % 2], math.pi * (at / 5 - 0.5)
        points.append((0.5 + radius * math.cos(angle), 0.53 + radius * math.sin(angle)))
    pen.polygon(points)


def _heart(pen: _Pen) -> None:
    points = []
    for at in range(100):
        turn = 2 * math.pi * at / 100
        x = 16 * math.sin(turn) ** 3
        y = 13 * math.cos(turn) - 5 * math.cos(2 * turn) - 2 * math.cos(3 * turn) - math.cos(4 * turn)
        points.append((0.5 + x / 35, 0.46 - y / 35))
    pen.polygon(points)


def _cube(pen: _Pen) -> None:
    pen.polygon([(0.5, 0.02), (0.95, 0.25), (0.5, 0.48), (0.05, 0.25)], _LIGHT)
    pen.polygon([(0.05, 0.25), (0.5, 0.48), (0.5, 0.98), (0.05, 0.75)], _RED)
    pen.polygon([(0.95, 0.25), (0.5, 0.48), (0.5, 0.98), (0.95, 0.75)], _DARK)


def _ring(pen: _Pen) -> None:
    pen.oval(0.02, 0.02, 0.98, 0.98)
    pen.oval(0.26, 0.26, 0.74, 0.74, (0, 0, 0, 0))


def _triangle(pen: _Pen) -> None:
    pen.polygon([(0.5, 0.06), (0.98, 0.92), (0.02, 0.92)])


def _square(pen: _Pen) -> None:
    pen.box(0.06, 0.06, 0.94, 0.94)


def _diamond(pen: _Pen) -> None:
    pen.polygon([(0.5, 0.02), (0.84, 0.5), (0.5, 0.98), (0.16, 0.5)])


def _cylinder(pen: _Pen) -> None:
    pen.oval(0.18, 0.72, 0.82, 0.98, _DARK)
    pen.box(0.18, 0.15, 0.82, 0.85)
    pen.oval(0.18, 0.72, 0.82, 0.98)
    pen.box(0.62, 0.15, 0.82, 0.85, _DARK)
    pen.oval(0.18, 0.02, 0.82, 0.28, _LIGHT)


def _cone(pen: _Pen) -> None:
    pen.oval(0.12, 0.72, 0.88, 0.98)
    pen.polygon([(0.5, 0.02), (0.12, 0.85), (0.88, 0.85)])
    pen.polygon([(0.5, 0.02), (0.62, 0.97), (0.88, 0.85)], _DARK)


def _cross(pen: _Pen) -> None:
    pen.box(0.36, 0.04, 0.64, 0.96)
    pen.box(0.04, 0.36, 0.96, 0.64)


def _arrow(pen: _Pen) -> None:
    pen.box(0.03, 0.38, 0.6, 0.62)
    pen.polygon([(0.55, 0.14), (0.97, 0.5), (0.55, 0.86)])


SHAPES: dict[str, Callable[[_Pen], None]] = {
    "ball": _ball,
    "star": _star,
    "heart": _heart,
    "cube": _cube,
    "ring": _ring,
    "triangle": _triangle,
    "square": _square,
    "diamond": _diamond,
    "cylinder": _cylinder,
    "cone": _cone,
    "cross": _cross,
    "arrow": _arrow,
}
