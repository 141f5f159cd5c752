"""The things that a scene may show, and what they are called."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ASSETS = Path(__file__).parent / "assets"
FRAME = "frame"  # the one thing that others may be inside of
UNCOUNTED = ("pair of ", "pairs of ")  # a colour comes after these: a pair of red socks


@dataclass(frozen=True, slots=True)
class Thing:
    """One kind of object, with its names."""

    name: str  # English, singular, without article; the key everywhere
    many: str  # English plural
    zh: str  # Chinese, without measure word
    measure: str  # Chinese measure word
    category: str
    sprite: str | None  # emoji that shows it; None where it is drawn as a shape
    recolour: bool  # whether it still looks right in any colour
    kin: frozenset[str]  # names of other things that it could also be called, or that its picture shows


@cache
def vocabulary() -> dict[str, Thing]:
    """Return every thing by its name, in the order of `assets/vocabulary.jsonl`."""
    lines = (ASSETS / "vocabulary.jsonl").read_text(encoding="utf-8").splitlines()
    things = [Thing(**{**record, "kin": frozenset(record["kin"])}) for record in map(json.loads, lines)]
    return {thing.name: thing for thing in things}


def confusable(one: Thing, other: Thing) -> bool:
    """Return whether a picture of one could fairly be called the other: a duck is a bird too."""
    return one.name == other.name or one.name in other.kin or other.name in one.kin
