"""What a generator keeps back, so that a model can be asked for what it never saw."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mmsearch.scenes.colours import COLOURS
from mmsearch.scenes.truth import Relation, SceneTruth, Statement, Verdict, related
from mmsearch.scenes.vocabulary import FRAME, vocabulary

OBJECT_SHARE = 0.08  # of the things, in the standard split
PAIR_SHARE = 0.1  # of the pairs of a colour and a thing
RELATION_SHARE = 0.05  # of the triples of a thing, a relation and a thing


class Allow(StrEnum):
    """Which scenes a generator draws."""

    ALL = "all"
    SEEN = "seen"  # nothing held out is in the picture
    HELD_OUT = "held-out"  # something held out is in the picture


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Things, pairs of colour and thing, and triples of thing, relation and thing that are kept back."""

    objects: frozenset[str] = frozenset()
    pairs: frozenset[tuple[str, str]] = frozenset()  # ("red", "car")
    relations: frozenset[tuple[str, str, str]] = frozenset()  # ("dog", "left", "cat")
    relation_share: float = 0.0  # of all triples, chosen by a hash of their words

    def in_scene(self, truth: SceneTruth) -> bool:
        """Return whether anything held out is in the scene."""
        return any(
            group.thing in self.objects or (group.colour or "", group.thing) in self.pairs for group in truth.groups
        ) or any(self.holds_triple(*triple) for triple in triples(truth))

    def in_statement(self, statement: Statement) -> bool:
        """Return whether the statement speaks of anything held out."""
        names = [mention.thing for mention in statement.mentions] + ([statement.absent] if statement.absent else [])
        if not self.objects.isdisjoint(names):
            return True
        if any((mention.colour or "", mention.thing) in self.pairs for mention in statement.mentions):
            return True
        return statement.relation is not None and self.holds_triple(names[0], statement.relation, names[1])

    def holds_triple(self, one: str, relation: Relation, other: str) -> bool:
        """Return whether the triple is kept back, itself or as seen from the other thing."""
        return self._one_way(one, relation, other) or self._one_way(other, _MIRRORED[relation], one)

    def _one_way(self, one: str, relation: Relation, other: str) -> bool:
        if (one, relation.value, other) in self.relations:
            return True
        return bool(self.relation_share) and share(f"{one}|{relation}|{other}") < self.relation_share / 2


_MIRRORED = {
    Relation.LEFT: Relation.RIGHT,
    Relation.RIGHT: Relation.LEFT,
    Relation.ABOVE: Relation.BELOW,
    Relation.BELOW: Relation.ABOVE,
    Relation.FRONT: Relation.BEHIND,
    Relation.BEHIND: Relation.FRONT,
    Relation.INSIDE: Relation.INSIDE,
    Relation.OUTSIDE: Relation.OUTSIDE,
}  # what the second thing is to the first


def standard_held_out() -> HeldOut:
    """Return the split that everybody shares: by a hash of the English names, the same on every machine."""
    things = [thing for thing in vocabulary().values() if thing.name != FRAME]
    return HeldOut(
        frozenset(thing.name for thing in things if share(thing.name) < OBJECT_SHARE),
        frozenset(
            (colour, thing.name)
            for thing in things
            if thing.recolour
            for colour in COLOURS
            if share(f"{colour} {thing.name}") < PAIR_SHARE
        ),
        relation_share=RELATION_SHARE,
    )


def triples(truth: SceneTruth) -> Iterator[tuple[str, Relation, str]]:
    """Yield what is plainly so between two groups of a scene, in both directions."""
    for one in truth.groups:
        for other in truth.groups:
            if one is not other and one.thing != FRAME:
                yield from ((one.thing, relation, other.thing) for relation in _plain(one.thing, other.thing, truth))


def _plain(one: str, other: str, truth: SceneTruth) -> list[Relation]:
    groups = {group.thing: group for group in truth.groups}
    asked = FRAMED if other == FRAME else FREE
    return [relation for relation in asked if related(groups[one], relation, groups[other]) is Verdict.TRUE]


FREE = (Relation.LEFT, Relation.RIGHT, Relation.ABOVE, Relation.BELOW, Relation.FRONT, Relation.BEHIND)
FRAMED = (Relation.INSIDE, Relation.OUTSIDE, Relation.LEFT, Relation.RIGHT, Relation.ABOVE, Relation.BELOW)


def share(words: str) -> float:
    """Return a number from 0 to 1 that depends on the words alone.

    >>> share("dog") == share("dog")
    True
    """
    return int.from_bytes(hashlib.blake2b(words.encode(), digest_size=4).digest(), "big") / 2**32
