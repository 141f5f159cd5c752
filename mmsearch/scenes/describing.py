"""Chooses what to say about a scene, and says it."""

from collections.abc import Callable
from enum import StrEnum

import numpy as np

from mmsearch.errors import UnknownName
from mmsearch.scenes import chinese, english
from mmsearch.scenes.backgrounds import BACKGROUNDS
from mmsearch.scenes.held_out import triples
from mmsearch.scenes.planning import pick
from mmsearch.scenes.styles import STYLES
from mmsearch.scenes.truth import Group, Mention, Relation, SceneTruth, Statement, Verdict, absence, judge
from mmsearch.scenes.vocabulary import FRAME, vocabulary

LANGUAGES: dict[str, Callable[[Statement, int], str]] = {"en": english.say, "zh": chinese.say}


class Detail(StrEnum):
    """How much a caption tells."""

    QUERY = "query"  # one kind of thing or two, in as few words as one would type
    SHORT = "short"  # the same, in any words
    SOME = "some"  # two kinds and how they stand, or a few things and where they are
    FULL = "full"  # all kinds, counts, colours, small and big, a relation and the background
    NEGATED = "negated"  # what is there and what is not


def say(statement: Statement, language: str, style: int = 0) -> str:
    """Return the statement in words.

    Args:
        statement: What to claim.
        language: "en" or "zh".
        style: Below `STYLES`; equal styles give equal templates, so that two statements differ only in what they claim.

    Raises:
        UnknownName: If there are no words for that language.
    """
    if language not in LANGUAGES:
        raise UnknownName("language of captions", language, LANGUAGES)
    return LANGUAGES[language](statement, style)


def describe(truth: SceneTruth, language: str, rng: np.random.Generator, detail: Detail = Detail.SOME) -> str:
    """Return one true caption of the scene, another each time."""
    return say(statement_about(truth, rng, detail), language, random_style(rng, detail))


def random_style(rng: np.random.Generator, detail: Detail = Detail.SOME) -> int:
    """Return a style drawn by lot; for a query the plainest."""
    return 0 if detail is Detail.QUERY else int(rng.random() * STYLES)


def title(truth: SceneTruth, language: str) -> str:
    """Return what is in the scene, without colours, sizes and places."""
    groups = [group for group in truth.groups if group.thing != FRAME]
    words = say(Statement(tuple(Mention(group.thing, group.count) for group in groups)), language)
    return words[0].upper() + words[1:]


def statement_about(truth: SceneTruth, rng: np.random.Generator, detail: Detail) -> Statement:
    """Return something that is true of the scene."""
    return _BY_DETAIL[detail](truth, rng)


def _short(truth: SceneTruth, rng: np.random.Generator) -> Statement:
    groups = _some(truth, 1 if rng.random() < 0.6 else 2, rng)
    mentions = tuple(_mention(truth, group, rng, 0.7) for group in groups)
    return Statement(mentions, background=_background(truth, rng, 0.25))


def _some_of_it(truth: SceneTruth, rng: np.random.Generator) -> Statement:
    related = plain_relations(truth)
    if related and rng.random() < 0.7:
        one, relation, other = _preferred(related, rng)
        groups = {group.thing: group for group in truth.groups}
        ends = (_mention(truth, groups[one], rng, 0.7), _mention(truth, groups[other], rng, 0.7))
        return Statement(ends, relation, background=_background(truth, rng, 0.2))
    groups_told = _some(truth, 2 + int(rng.random() * 2), rng)
    mentions = tuple(_mention(truth, group, rng, 0.8) for group in groups_told)
    return Statement(mentions, background=_background(truth, rng, 0.6))


def _full(truth: SceneTruth, rng: np.random.Generator) -> Statement:
    related = plain_relations(truth)
    groups = {group.thing: group for group in truth.groups}
    order, relation = list(groups), None
    if related:
        one, relation, other = _preferred(related, rng)
        order = [one, other, *(name for name in groups if name not in (one, other))]
    mentions = tuple(full_mention(truth, groups[name]) for name in order)
    return Statement(mentions, relation, background=_background(truth, rng, 1))


def _negated(truth: SceneTruth, rng: np.random.Generator) -> Statement:
    mention = _mention(truth, _some(truth, 1, rng)[0], rng, 0.5)
    return Statement((mention,), absent=absent_thing(truth, rng), background=_background(truth, rng, 0.15))


_BY_DETAIL = {
    Detail.QUERY: _short,
    Detail.SHORT: _short,
    Detail.SOME: _some_of_it,
    Detail.FULL: _full,
    Detail.NEGATED: _negated,
}


def absent_thing(truth: SceneTruth, rng: np.random.Generator) -> str:
    """Return the name of a thing that nobody would say is in the scene."""
    names = tuple(vocabulary())
    while True:
        name = pick(names, rng)
        if name != FRAME and absence(truth, name) is Verdict.TRUE:
            return name


def plain_relations(truth: SceneTruth) -> list[tuple[str, Relation, str]]:
    """Return what is plainly so between two groups and worth saying: that a thing is outside a frame is not."""
    return [triple for triple in triples(truth) if triple[1] is not Relation.OUTSIDE]


def full_mention(truth: SceneTruth, group: Group) -> Mention:
    """Return what people would say of a group: count, colour, and that it is small or big where that is plain."""
    sized = Mention(group.thing, group.count, group.colour, group.size)
    if group.thing != FRAME and group.size != "medium" and judge(truth, Statement((sized,))) is Verdict.TRUE:
        return sized
    return Mention(group.thing, group.count, group.colour)


def _mention(truth: SceneTruth, group: Group, rng: np.random.Generator, share: float) -> Mention:
    """Return a mention that leaves out colour or size with probability 1 - `share`, and sometimes the count."""
    full = full_mention(truth, group)
    lots = rng.random(3)
    return Mention(
        full.thing,
        None if group.count > 2 and lots[0] < 0.12 else full.count,
        full.colour if lots[1] < share else None,
        full.size if lots[2] < share else None,
    )


def _preferred(related: list[tuple[str, Relation, str]], rng: np.random.Generator) -> tuple[str, Relation, str]:
    """Return one of the relations; that something covers another or is in a frame comes first."""
    special = [triple for triple in related if triple[1] in (Relation.FRONT, Relation.BEHIND, Relation.INSIDE)]
    return pick(special if special and rng.random() < 0.75 else related, rng)


def _some(truth: SceneTruth, count: int, rng: np.random.Generator) -> list[Group]:
    """Return some groups in random order; a frame only where there is nothing else."""
    groups = [group for group in truth.groups if group.thing != FRAME]
    return [groups[at] for at in rng.permutation(len(groups))[:count].tolist()]


def _background(truth: SceneTruth, rng: np.random.Generator, share: float) -> str | None:
    named = BACKGROUNDS[truth.background].en
    return truth.background if named and rng.random() < share else None
