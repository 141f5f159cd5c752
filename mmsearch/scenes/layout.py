"""Finds room for groups of things: no two overlap unless one is to stand in front of the other."""

from dataclasses import dataclass

import numpy as np

from mmsearch.scenes.truth import Box

WHOLE = Box(0.025, 0.025, 0.975, 0.975)
SIZE_RANGES = {"small": (0.11, 0.16), "medium": (0.19, 0.25), "big": (0.31, 0.42)}  # longer edge, in shares of a side
_BOUNDS = (0.18, 0.28)  # between what counts as small, medium and big
_GAP = 0.012  # around every cell
_HIDDEN = (0.2, 0.4)  # share of a thing that the one in front of it covers, of its box


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the things of one group are."""

    size: str
    boxes: tuple[Box, ...]


def cells(count: int, room: Box, rng: np.random.Generator) -> list[Box]:
    """Return `count` boxes side by side or one above the other, in random order of place."""
    if count == 1:
        return [Box(room.left + _GAP, room.top + _GAP, room.right - _GAP, room.bottom - _GAP)]
    wide, high = room.right - room.left, room.bottom - room.top
    first = count // 2 if rng.random() < 0.5 else count - count // 2
    share = first / count + (rng.random() - 0.5) * 0.12
    if wide * (0.5 + rng.random()) >= high:
        edge = room.left + wide * share
        one, other = Box(room.left, room.top, edge, room.bottom), Box(edge, room.top, room.right, room.bottom)
    else:
        edge = room.top + high * share
        one, other = Box(room.left, room.top, room.right, edge), Box(room.left, edge, room.right, room.bottom)
    return cells(first, one, rng) + cells(count - first, other, rng)


def arrange(count: int, aspect: float, room: Box, rng: np.random.Generator) -> Placed:
    """Return boxes for `count` things of that width / height, scattered over the room without touching."""
    columns = _columns(count, room, rng)
    rows = -(-count // columns)
    wide, high = (room.right - room.left) / columns, (room.bottom - room.top) / rows
    longest = _length(0.94 * min(wide / min(1.0, aspect), high * max(1.0, aspect), wide, high), rng)
    width, height = _edges(longest, aspect)
    slots = rng.permutation(columns * rows)[:count].tolist()
    shifts = rng.random((count, 2)).tolist()
    boxes = []
    for slot, (across, down) in zip(slots, shifts, strict=True):
        left = room.left + slot % columns * wide + across * (wide - width)
        top = room.top + slot // columns * high + down * (high - height)
        boxes.append(Box(left, top, left + width, top + height))
    return Placed(size_of(longest), tuple(boxes))


def stack(aspects: tuple[float, float], room: Box, rng: np.random.Generator) -> tuple[Placed, Placed]:
    """Return places for one thing in front and one partly hidden behind it, in this order.

    Args:
        aspects: Width / height of the thing in front, then of the one behind.
        room: Both stay in it.
        rng: Source of chance.
    """
    side = min(room.right - room.left, room.bottom - room.top)
    longest = min(0.44, side * (0.6 + 0.08 * rng.random()))
    near = longest * (0.75 + 0.2 * rng.random())
    behind_edges, front_edges = _edges(longest, aspects[1]), _edges(near, aspects[0])
    turn = -1 if rng.random() < 0.5 else 1
    behind = front = Box(0, 0, 0, 0)
    for step in range(20):
        behind, front = _overlapping(behind_edges, front_edges, turn, 1 - step * 0.05)
        if behind.common(front) >= (_HIDDEN[0] + rng.random() * (_HIDDEN[1] - _HIDDEN[0]) * 0.5) * behind.area():
            break
    around = Box(
        min(behind.left, front.left),
        min(behind.top, front.top),
        max(behind.right, front.right),
        max(behind.bottom, front.bottom),
    )
    across = room.left - around.left + rng.random() * max(0.0, room.right - room.left - around.right + around.left)
    down = room.top - around.top + rng.random() * max(0.0, room.bottom - room.top - around.bottom + around.top)
    return (
        Placed(size_of(near), (_moved(front, across, down),)),
        Placed(size_of(longest), (_moved(behind, across, down),)),
    )


def framed(room: Box, rng: np.random.Generator) -> tuple[Box, Box]:
    """Return a frame that fits into the room, and the room inside it."""
    wide, high = (room.right - room.left) * (0.86 + 0.12 * rng.random()), (room.bottom - room.top) * 0.94
    left = room.left + (room.right - room.left - wide) * rng.random()
    top = room.top + (room.bottom - room.top - high) * rng.random()
    frame = Box(left, top, left + wide, top + high)
    rim = 0.14 * min(wide, high)
    return frame, Box(left + rim, top + rim, left + wide - rim, top + high - rim)


def size_of(longest: float) -> str:
    """Return what a thing is called whose longer edge takes that share of the side."""
    return "small" if longest < _BOUNDS[0] else "medium" if longest < _BOUNDS[1] else "big"


def _columns(count: int, room: Box, rng: np.random.Generator) -> int:
    """Return how many columns of slots make the most of the room, or nearly so."""
    wide, high = room.right - room.left, room.bottom - room.top
    slots = {columns: min(wide / columns, high / -(-count // columns)) for columns in range(1, count + 1)}
    good = [columns for columns, slot in slots.items() if slot >= 0.8 * max(slots.values())]
    return good[int(rng.random() * len(good))]


def _length(limit: float, rng: np.random.Generator) -> float:
    """Return the longer edge of things that may have at most `limit`."""
    fitting = [span for span in SIZE_RANGES.values() if span[0] <= limit]
    if not fitting:
        return limit
    low, high = fitting[int(rng.random() ** 0.7 * len(fitting))]  # small ones are harder to see, so rarer
    return min(limit, low + (high - low) * rng.random())


def _edges(longest: float, aspect: float) -> tuple[float, float]:
    return longest * min(1.0, aspect), longest / max(1.0, aspect)


def _overlapping(behind: tuple[float, float], front: tuple[float, float], turn: int, part: float) -> tuple[Box, Box]:
    """Return both boxes, the one in front set off to one side and a little lower; less with a smaller part."""
    shift = turn * part * (behind[0] + front[0]) / 2
    middle = behind[0] / 2 + shift
    bottom = behind[1] * (1 + 0.12 * part)
    return Box(0, 0, *behind), Box(middle - front[0] / 2, bottom - front[1], middle + front[0] / 2, bottom)


def _moved(box: Box, across: float, down: float) -> Box:
    return Box(box.left + across, box.top + down, box.right + across, box.bottom + down)
