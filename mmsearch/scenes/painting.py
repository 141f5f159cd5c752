"""Paints a scene from its truth."""

import numpy as np
from PIL import Image, ImageDraw

from mmsearch.scenes.backgrounds import VARIANTS, background_picture
from mmsearch.scenes.colours import COLOURS
from mmsearch.scenes.sprites import SpriteSheet
from mmsearch.scenes.truth import Box, SceneTruth
from mmsearch.scenes.vocabulary import FRAME, vocabulary

_RIM = 0.07  # width of a frame, in shares of its shorter edge


def paint(truth: SceneTruth, side: int, sheet: SpriteSheet, rng: np.random.Generator) -> Image.Image:
    """Return the scene as an RGB picture of side x side pixels; `rng` only chooses the look of the background."""
    picture = background_picture(truth.background, int(rng.random() * VARIANTS), side).copy()
    for group in sorted(truth.groups, key=lambda group: group.layer):
        if group.thing == FRAME:
            _paint_frame(picture, group.boxes[0], COLOURS[group.colour or "brown"].rgb)
            continue
        thing = vocabulary()[group.thing]
        for box in group.boxes:
            left, top = round(box.left * side), round(box.top * side)
            size = max(1, round((box.right - box.left) * side)), max(1, round((box.bottom - box.top) * side))
            sprite = sheet.sprite(thing, group.colour, *size)
            picture.paste(sprite, (left, top), sprite)
    return picture


def _paint_frame(picture: Image.Image, box: Box, colour: tuple[int, int, int]) -> None:
    side = picture.width
    edges = [round(edge * side) for edge in (box.left, box.top, box.right, box.bottom)]
    rim = max(2, round(_RIM * min(edges[2] - edges[0], edges[3] - edges[1])))
    draw = ImageDraw.Draw(picture)
    draw.rectangle(edges, outline=colour, width=rim)
    dark = tuple(channel * 7 // 10 for channel in colour)
    for inset in (0, rim - max(1, rim // 6)):
        inner = [edges[0] + inset, edges[1] + inset, edges[2] - inset, edges[3] - inset]
        draw.rectangle(inner, outline=dark, width=max(1, rim // 6))
