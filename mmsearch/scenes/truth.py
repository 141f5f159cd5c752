"""What a scene shows, and whether a statement about it is true."""

from dataclasses import dataclass, replace
from enum import Enum, StrEnum

from mmsearch.scenes.backgrounds import BACKGROUNDS
from mmsearch.scenes.colours import clearly_different
from mmsearch.scenes.vocabulary import FRAME, Thing, confusable, vocabulary

SIZES = ("small", "medium", "big")


class Relation(StrEnum):
    """Where one kind of thing is, seen from another."""

    LEFT = "left"
    RIGHT = "right"
    ABOVE = "above"
    BELOW = "below"
    FRONT = "front"
    BEHIND = "behind"
    INSIDE = "inside"  # of a frame
    OUTSIDE = "outside"  # of a frame


class Verdict(Enum):
    """What can be said of a statement by looking at the picture."""

    TRUE = "true"
    FALSE = "false"
    OPEN = "open"  # people might disagree, or nothing is known: the natural colour of a thing


@dataclass(frozen=True, slots=True)
class Box:
    """The smallest upright box around a thing, in shares of the picture's side, from the top left."""

    left: float
    top: float
    right: float
    bottom: float

    def middle(self) -> tuple[float, float]:
        """Return the centre, x and y."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    def area(self) -> float:
        """Return the area, in shares of the picture."""
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)

    def common(self, other: "Box") -> float:
        """Return the area that both share."""
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        ).area()

    def holds(self, other: "Box") -> bool:
        """Return whether the other lies wholly within."""
        return (
            self.left <= other.left
            and self.top <= other.top
            and self.right >= other.right
            and self.bottom >= other.bottom
        )


@dataclass(frozen=True, slots=True)
class Group:
    """All the things of one kind in a scene; they are alike."""

    thing: str  # name in the vocabulary
    colour: str | None  # None: as the thing looks by nature
    size: str  # small, medium or big
    boxes: tuple[Box, ...]  # one for each
    layer: int  # a higher one is drawn later, over the others

    @property
    def count(self) -> int:
        """How many there are."""
        return len(self.boxes)


@dataclass(frozen=True, slots=True)
class SceneTruth:
    """Everything that is in a scene. No two groups are of things that could be called the same."""

    background: str  # a key of BACKGROUNDS
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A thing as a caption speaks of it."""

    thing: str
    count: int | None = 1  # exactly so many; None: two or more
    colour: str | None = None
    size: str | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """What a caption claims: that things are there, where the first is from the second, and what is not there."""

    mentions: tuple[Mention, ...]
    relation: Relation | None = None  # of the first mention to the second
    absent: str | None = None  # name of a thing
    background: str | None = None


def holds(truth: SceneTruth, statement: Statement) -> bool:
    """Return whether the statement is certainly true of the scene."""
    return judge(truth, statement) is Verdict.TRUE


def fails(truth: SceneTruth, statement: Statement) -> bool:
    """Return whether the statement is certainly false of the scene."""
    return judge(truth, statement) is Verdict.FALSE


def may_show(truth: SceneTruth, query: Statement) -> bool:
    """Return whether a query might be meant for the scene: "a bear" for one of two bears too."""
    meant = tuple(_meant(truth, mention) for mention in query.mentions)
    return not fails(truth, replace(query, mentions=meant))


def _meant(truth: SceneTruth, mention: Mention) -> Mention:
    """Return a mention of one as one of several where there is not exactly one."""
    several = mention.count == 1 and fails(truth, Statement((mention,)))
    return replace(mention, count=None) if several else mention


def judge(truth: SceneTruth, statement: Statement) -> Verdict:
    """Return what is to be said of the statement: false if one part is, open if one part is open.

    Raises:
        KeyError: If it speaks of things, colours or backgrounds that do not exist.
    """
    parts = [_mentioned(truth, mention) for mention in statement.mentions]
    if statement.absent is not None:
        parts.append(absence(truth, statement.absent))
    if statement.background is not None:
        parts.append(_as_verdict(statement.background == truth.background))
    if statement.relation is not None:
        one, other = (group_of(truth, mention.thing) for mention in statement.mentions[:2])
        if one and other:
            parts.append(related(one, statement.relation, other))
    return _all(parts)


def group_of(truth: SceneTruth, thing: str) -> Group | None:
    """Return the group of a thing, None if the scene has none."""
    return next((group for group in truth.groups if group.thing == thing), None)


def absence(truth: SceneTruth, name: str) -> Verdict:
    """Return whether no such thing is in the scene; open where something there could be called it."""
    if group_of(truth, name):
        return Verdict.FALSE
    return Verdict.OPEN if _seems(truth, vocabulary()[name]) else Verdict.TRUE


def _seems(truth: SceneTruth, thing: Thing) -> bool:
    things = vocabulary()
    return thing.name in BACKGROUNDS[truth.background].shows or any(
        confusable(thing, things[group.thing]) for group in truth.groups
    )


def _mentioned(truth: SceneTruth, mention: Mention) -> Verdict:
    group = group_of(truth, mention.thing)
    if group is None:
        return Verdict.OPEN if _seems(truth, vocabulary()[mention.thing]) else Verdict.FALSE
    counted = group.count >= 2 if mention.count is None else group.count == mention.count
    return _all([_as_verdict(counted), _coloured(group, mention.colour), _sized(truth, group, mention.size)])


def _coloured(group: Group, colour: str | None) -> Verdict:
    if colour is None or colour == group.colour:
        return Verdict.TRUE
    return Verdict.FALSE if group.colour and clearly_different(colour, group.colour) else Verdict.OPEN


def _sized(truth: SceneTruth, group: Group, size: str | None) -> Verdict:
    """Sizes are claimed only where small and big things stand side by side."""
    if size is None:
        return Verdict.TRUE
    there = {each.size for each in truth.groups if each.thing != FRAME}
    if not {"small", "big"} <= there or (size == "medium" and len(there) < len(SIZES)):
        return Verdict.OPEN
    if size == group.size:
        return Verdict.TRUE
    return Verdict.FALSE if {size, group.size} == {"small", "big"} else Verdict.OPEN


_APART = 0.16  # between the centres of two groups, for a side to be plain
_LEVEL = 0.04  # centres that differ less are at the same height, or one above the other
_COVERED = 0.12  # share of a thing that another in front of it covers at least


def related(one: Group, relation: Relation, other: Group) -> Verdict:
    """Return whether all of one group stand so to all of the other; open where it is not plain to see."""
    if relation in _SIDES:
        axis, sign = _SIDES[relation]
        return _beside(one, other, axis, sign)
    if relation in (Relation.INSIDE, Relation.OUTSIDE):
        within = _within(one, other)
        return within if relation is Relation.INSIDE else _OPPOSITE[within]
    front, behind = (one, other) if relation is Relation.FRONT else (other, one)
    if _covers(front, behind):
        return Verdict.TRUE
    return Verdict.FALSE if _covers(behind, front) else Verdict.OPEN


_SIDES = {
    Relation.LEFT: (0, 1),
    Relation.RIGHT: (0, -1),
    Relation.ABOVE: (1, 1),
    Relation.BELOW: (1, -1),
}  # axis, and the sign that turns it into "left" or "above"
_OPPOSITE = {Verdict.TRUE: Verdict.FALSE, Verdict.FALSE: Verdict.TRUE, Verdict.OPEN: Verdict.OPEN}


def _beside(one: Group, other: Group, axis: int, sign: int) -> Verdict:
    first = [sign * box.middle()[axis] for box in one.boxes]
    second = [sign * box.middle()[axis] for box in other.boxes]
    gap = sum(second) / len(second) - sum(first) / len(first)
    ends = [sign * edge for box in one.boxes for edge in _edges(box, axis)]
    starts = [sign * edge for box in other.boxes for edge in _edges(box, axis)]
    if gap >= _APART and max(ends) <= min(starts):
        return Verdict.TRUE
    level = abs(gap) < _LEVEL and max(first + second) - min(first + second) < 2 * _LEVEL
    return Verdict.FALSE if min(first) >= max(second) or level else Verdict.OPEN


def _edges(box: Box, axis: int) -> tuple[float, float]:
    return ((box.left, box.right), (box.top, box.bottom))[axis]


def _covers(front: Group, behind: Group) -> bool:
    return front.layer > behind.layer and all(
        any(over.common(box) >= _COVERED * box.area() for over in front.boxes) for box in behind.boxes
    )


def _within(one: Group, frame: Group) -> Verdict:
    if frame.thing != FRAME:
        return Verdict.FALSE
    around = frame.boxes[0]
    if all(around.holds(box) for box in one.boxes):
        return Verdict.TRUE
    return Verdict.OPEN if any(around.common(box) > 0 for box in one.boxes) else Verdict.FALSE


def _as_verdict(yes: bool) -> Verdict:
    return Verdict.TRUE if yes else Verdict.FALSE


def _all(parts: list[Verdict]) -> Verdict:
    if Verdict.FALSE in parts:
        return Verdict.FALSE
    return Verdict.OPEN if Verdict.OPEN in parts else Verdict.TRUE
