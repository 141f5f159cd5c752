"""Draws by lot what a scene shows and where; nothing is painted yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from mmsearch.scenes.backgrounds import BACKGROUNDS, Background
from mmsearch.scenes.colours import COLOURS
from mmsearch.scenes.layout import WHOLE, Placed, arrange, cells, framed, size_of, stack
from mmsearch.scenes.sprites import SpriteSheet
from mmsearch.scenes.truth import Box, Group, SceneTruth
from mmsearch.scenes.vocabulary import FRAME, Thing, confusable, vocabulary

KINDS = (1, 2, 2, 2, 2, 3, 3, 3, 4, 4)  # kinds of thing in a scene; one is drawn from this list
COUNTS = (1, 1, 1, 1, 2, 2, 3, 3, 4, 5)  # things of a kind
COLOURFUL = 0.5  # of the things are taken from those that may have any colour
COLOURED = 0.85  # of which so many are given one
STACKED, FRAMED = 0.22, 0.2  # share of the scenes with something in front of another, or in a frame
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a scene may be made of."""

    things: tuple[Thing, ...]
    colourful: tuple[Thing, ...]  # those of them that may have any colour
    kinds: tuple[int, ...] = KINDS


def choices(without: frozenset[str] = frozenset(), kinds: tuple[int, ...] = KINDS) -> Choices:
    """Return the whole vocabulary, save the things named."""
    things = tuple(thing for thing in vocabulary().values() if thing.name != FRAME and thing.name not in without)
    return Choices(things, tuple(thing for thing in things if thing.recolour), kinds)


def pick(among: Sequence[T], rng: np.random.Generator) -> T:
    """Return one of them, each as likely as the others."""
    return among[int(rng.random() * len(among))]


def plan(allowed: Choices, sheet: SpriteSheet, rng: np.random.Generator) -> SceneTruth:
    """Return a scene drawn by lot."""
    name = pick(tuple(BACKGROUNDS), rng)
    things = _things(allowed, BACKGROUNDS[name], rng)
    aspects = {thing.name: sheet.aspect(thing) for thing in things}
    lot, frame = rng.random(), None
    stacked = FRAMED <= lot < FRAMED + STACKED and len(things) > 1
    if lot < FRAMED:
        places, frame = _in_frame(things, aspects, rng)
    elif stacked:
        places = _in_stack(things, aspects, rng)
    else:
        rooms = cells(len(things), WHOLE, rng)
        places = [_free(thing, aspects, room, rng) for thing, room in zip(things, rooms, strict=True)]
    groups = [_group(FRAME, _colour(name, rng), frame, 0)] if frame else []
    for at, (thing, placed) in enumerate(zip(things, places, strict=True)):
        in_front = groups[0].colour if stacked and at == 1 else None
        colour = _colour(name, rng, in_front) if _takes_colour(thing, rng) else None
        groups.append(_group(thing.name, colour, placed, len(things) - at))
    return SceneTruth(name, tuple(groups))


def _things(allowed: Choices, background: Background, rng: np.random.Generator) -> list[Thing]:
    """Return one to four things of which none could be called another."""
    found: list[Thing] = []
    wanted = pick(allowed.kinds, rng)
    while len(found) < wanted:
        thing = pick(allowed.colourful if rng.random() < COLOURFUL else allowed.things, rng)
        if thing.name not in background.shows and not any(confusable(thing, other) for other in found):
            found.append(thing)
    return found


def _takes_colour(thing: Thing, rng: np.random.Generator) -> bool:
    return thing.recolour and (thing.sprite is None or rng.random() < COLOURED)


def _colour(background: str, rng: np.random.Generator, in_front: str | None = None) -> str:
    """Return a colour that shows on the background, and beside a thing of colour `in_front` that hides a part."""
    clashes = BACKGROUNDS[background].clashes
    return pick([name for name in COLOURS if name not in clashes and name != in_front], rng)


def _free(thing: Thing, aspects: Mapping[str, float], room: Box, rng: np.random.Generator) -> Placed:
    return arrange(pick(COUNTS, rng), aspects[thing.name], room, rng)


def _in_stack(things: Sequence[Thing], aspects: Mapping[str, float], rng: np.random.Generator) -> list[Placed]:
    """Place the first thing in front of the second, the others beside them."""
    rooms = cells(len(things) - 1, WHOLE, rng)
    front, behind = stack((aspects[things[0].name], aspects[things[1].name]), rooms[0], rng)
    rest = [_free(thing, aspects, room, rng) for thing, room in zip(things[2:], rooms[1:], strict=True)]
    return [front, behind, *rest]


def _in_frame(
    things: Sequence[Thing], aspects: Mapping[str, float], rng: np.random.Generator
) -> tuple[list[Placed], Placed]:
    """Place the first thing in a frame, the others beside it."""
    rooms = cells(len(things), WHOLE, rng)
    frame, inside = framed(rooms[0], rng)
    places = [_free(thing, aspects, room, rng) for thing, room in zip(things, [inside, *rooms[1:]], strict=True)]
    return places, Placed(size_of(max(frame.right - frame.left, frame.bottom - frame.top)), (frame,))


def _group(name: str, colour: str | None, placed: Placed, layer: int) -> Group:
    return Group(name, colour, placed.size, placed.boxes, layer)
