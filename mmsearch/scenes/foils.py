"""Captions that are false in one asked way, beside a true one in the same words."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np

from mmsearch.scenes.colours import COLOURS
from mmsearch.scenes.describing import absent_thing, full_mention, plain_relations
from mmsearch.scenes.held_out import triples
from mmsearch.scenes.planning import pick
from mmsearch.scenes.truth import Group, Mention, Relation, SceneTruth, Statement, fails
from mmsearch.scenes.vocabulary import FRAME, Thing, vocabulary

_TRIES = 12  # draws of another thing before giving up


class FoilKind(StrEnum):
    """In what a foil differs from the truth."""

    OBJECT = "object"
    COLOUR = "colour"
    COUNT = "count"
    RELATION = "relation"
    ATTRIBUTES = "attributes"  # colours, sizes or counts of two things are swapped
    SWAPPED = "swapped"  # the two ends of a relation are swapped
    NEGATION = "negation"  # what is there and what is not are swapped, or what is there is denied


@dataclass(frozen=True, slots=True)
class Foil:
    """A true caption and a false one that differ in one kind of thing alone."""

    kind: FoilKind
    caption: str
    foil: str
    true: Statement  # what the caption claims
    false: Statement  # what the foil claims


@dataclass(frozen=True, slots=True)
class Contrast:
    """A true statement and a certainly false one."""

    true: Statement
    false: Statement


def contrast(
    truth: SceneTruth,
    kind: FoilKind,
    things: tuple[Thing, ...],
    rng: np.random.Generator,
    fit: Callable[[Statement, Statement], bool],
) -> Contrast | None:
    """Return a contrast of that kind drawn by lot; None where the scene offers none, such as colours in one without.

    Args:
        truth: The scene.
        kind: In what the two statements are to differ.
        things: What a foil may name that is not in the scene.
        rng: Source of chance.
        fit: Whether a true and a false statement will do.
    """
    offered = _BY_KIND[kind](truth, things, rng)
    found = [pair for pair in offered if fails(truth, pair.false) and fit(pair.true, pair.false)]
    return pick(found, rng) if found else None


def _objects(truth: SceneTruth, things: tuple[Thing, ...], rng: np.random.Generator) -> Iterator[Contrast]:
    """Name another thing, of the same category where one is found."""
    true = _list(truth, rng)
    at = int(rng.random() * len(true.mentions))
    old = true.mentions[at]
    category = vocabulary()[old.thing].category
    found = []
    for _ in range(_TRIES):
        thing = pick(things, rng)
        if (thing.recolour or not old.colour) and thing.name not in {mention.thing for mention in true.mentions}:
            found.append(thing)
    found.sort(key=lambda thing: thing.category != category)
    for thing in found:
        false = _with(true, at, replace(old, thing=thing.name))
        if fails(truth, false):
            yield Contrast(true, false)
            return


def _colours(truth: SceneTruth, things: tuple[Thing, ...], rng: np.random.Generator) -> Iterator[Contrast]:
    coloured = [group for group in truth.groups if group.colour and group.thing != FRAME]
    if not coloured:
        return
    true = _list(truth, rng, pick(coloured, rng))
    for at, old in enumerate(true.mentions):
        if old.colour:
            yield from (Contrast(true, _with(true, at, replace(old, colour=colour))) for colour in COLOURS)


def _counts(truth: SceneTruth, things: tuple[Thing, ...], rng: np.random.Generator) -> Iterator[Contrast]:
    true = _list(truth, rng)
    for at, old in enumerate(true.mentions):
        if old.thing != FRAME:
            yield from (Contrast(true, _with(true, at, replace(old, count=count))) for count in range(1, 6))


def _relations(truth: SceneTruth, things: tuple[Thing, ...], rng: np.random.Generator) -> Iterator[Contrast]:
    for one, relation, other in triples(truth):
        true = _related(truth, one, relation, other, rng)
        alike = next(family for family in _FAMILIES if relation in family)
        yield from (Contrast(true, replace(true, relation=another)) for another in alike)


def _swapped(truth: SceneTruth, things: tuple[Thing, ...], rng: np.random.Generator) -> Iterator[Contrast]:
    for one, relation, other in plain_relations(truth):
        if relation is Relation.INSIDE:
            yield from _swapped_with_outsider(truth, one, other, rng)
        elif other != FRAME:
            true = _related(truth, one, relation, other, rng)
            yield Contrast(true, replace(true, mentions=true.mentions[::-1]))


def _swapped_with_outsider(truth: SceneTruth, inside: str, frame: str, rng: np.random.Generator) -> Iterator[Contrast]:
    """Put what stands outside a frame into it: the frame itself cannot be inside of anything."""
    for group in truth.groups:
        if group.thing not in (inside, frame):
            true = _related(truth, inside, Relation.INSIDE, frame, rng)
            third = full_mention(truth, group)
            yield Contrast(
                replace(true, mentions=(*true.mentions, third)),
                replace(true, mentions=(third, true.mentions[1], true.mentions[0])),
            )


def _attributes(truth: SceneTruth, things: tuple[Thing, ...], rng: np.random.Generator) -> Iterator[Contrast]:
    groups = [group for group in truth.groups if group.thing != FRAME]
    for at, first in enumerate(groups):
        for second in groups[at + 1 :]:
            one, other = full_mention(truth, first), full_mention(truth, second)
            true = Statement((one, other))
            if one.colour and other.colour:
                yield _exchanged(true, replace(one, colour=other.colour), replace(other, colour=one.colour))
            if one.size and other.size:
                yield _exchanged(true, replace(one, size=other.size), replace(other, size=one.size))
            if one.count != other.count:
                yield _exchanged(true, replace(one, count=other.count), replace(other, count=one.count))


def _negations(truth: SceneTruth, things: tuple[Thing, ...], rng: np.random.Generator) -> Iterator[Contrast]:
    groups = [group for group in truth.groups if group.thing != FRAME]
    there, gone = pick(groups, rng), absent_thing(truth, rng)
    mention = full_mention(truth, there)
    bare = Mention(there.thing, mention.count)
    yield Contrast(Statement((bare,), absent=gone), Statement((Mention(gone, mention.count),), absent=there.thing))
    others = [group for group in groups if group is not there]
    if others:
        also = pick(others, rng)
        yield Contrast(Statement((mention,), absent=gone), Statement((mention,), absent=also.thing))


def _exchanged(true: Statement, one: Mention, other: Mention) -> Contrast:
    return Contrast(true, replace(true, mentions=(one, other)))


def _list(truth: SceneTruth, rng: np.random.Generator, first: Group | None = None) -> Statement:
    """Return a statement about some groups in random order, `first` before the others if given."""
    others = [group for group in truth.groups if group.thing != FRAME and group is not first]
    order = ([first] if first else []) + [others[at] for at in rng.permutation(len(others)).tolist()]
    return Statement(tuple(full_mention(truth, group) for group in order[: 1 + int(rng.random() * len(order))]))


def _related(truth: SceneTruth, one: str, relation: Relation, other: str, rng: np.random.Generator) -> Statement:
    """Return two mentions and their relation, with or without colours and sizes."""
    mentions = []
    groups = {group.thing: group for group in truth.groups}
    for name in (one, other):
        full = full_mention(truth, groups[name])
        mentions.append(full if rng.random() < 0.5 else Mention(full.thing, full.count))
    return Statement((mentions[0], mentions[1]), relation)


def _with(statement: Statement, at: int, mention: Mention) -> Statement:
    mentions = statement.mentions
    return replace(statement, mentions=(*mentions[:at], mention, *mentions[at + 1 :]))


_FAMILIES = (
    (Relation.LEFT, Relation.RIGHT, Relation.ABOVE, Relation.BELOW),
    (Relation.FRONT, Relation.BEHIND),
    (Relation.INSIDE, Relation.OUTSIDE),
)  # a relation is only ever replaced by one of its kind
_Maker = Callable[[SceneTruth, tuple[Thing, ...], np.random.Generator], Iterator[Contrast]]
_BY_KIND: dict[FoilKind, _Maker] = {
    FoilKind.OBJECT: _objects,
    FoilKind.COLOUR: _colours,
    FoilKind.COUNT: _counts,
    FoilKind.RELATION: _relations,
    FoilKind.ATTRIBUTES: _attributes,
    FoilKind.SWAPPED: _swapped,
    FoilKind.NEGATION: _negations,
}
