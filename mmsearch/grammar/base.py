"""What a query asks for, taken apart."""

from dataclasses import dataclass
from enum import StrEnum


class PhraseKind(StrEnum):
    """What a phrase claims."""

    THING = "thing"  # that something is there, with its number and what is said of it
    RELATION = "relation"  # that two things stand to each other as it says
    EXCLUDED = "excluded"  # that something is not there


@dataclass(frozen=True, slots=True)
class Phrase:
    """A part of a query that can be true or false of a picture on its own."""

    text: str  # for what is excluded: the thing, without the word that excludes it
    kind: PhraseKind = PhraseKind.THING


@dataclass(frozen=True, slots=True)
class ParsedQuery:
    """A query, what it wants and what it rules out."""

    text: str
    language: str  # of its grammar: "en" or "zh"
    wanted: str  # the positive part, which finds pictures; the whole query where nothing is excluded
    excluded: tuple[str, ...] = ()  # each is a text that must not be true
    phrases: tuple[Phrase, ...] = ()  # in the order of the query; none where it is a single phrase itself
