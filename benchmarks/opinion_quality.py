"""What a second opinion is worth: recall both ways, trust in probabilities, what it says of what is not there."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.opinion_shortlists import SEED, Gallery, Shortlists, Subject
from mmsearch.alignment.fusion import fused_ranks, fused_scores
from mmsearch.evaluation.certainty import area_under_roc, expected_calibration_error
from mmsearch.evaluation.metrics import paired_difference
from mmsearch.evaluation.phrases import singular
from mmsearch.evaluation.reranking import SHORTLIST, encoder_best
from mmsearch.grammar import is_phrase, parse_query
from mmsearch.rerankers.verdict import conviction, probabilities
from mmsearch.scenes import Mention, Scene, Statement, holds, say
from mmsearch.search.second_opinion import BETA, DELTA
from mmsearch.training.captions import LANGUAGES
from mmsearch.types import Ids

CANDIDATES = 16  # the best of a query, over which the calibration error is taken
_WORD = re.compile(r"[a-z]+")


def directions(subject: Subject) -> object:
    """Recall at 1 before and after, both ways, with a paired bootstrap over pictures."""
    found = {}
    for gallery in subject.photos:
        for language in LANGUAGES:
            if gallery.captions[language]:
                lists = subject.shortlists(gallery, language)
                first = lists.best[np.arange(len(lists.best)), lists.log_odds.argmax(1)]
                gain = paired_difference(lists.best[:, 0] == lists.owner, first == lists.owner, lists.owner)
                found[f"{gallery.name} {language} text→image"] = asdict(gain)
                found[f"{gallery.name} {language} image→text"] = asdict(_texts_of_pictures(subject, gallery, language))
    return found


def _texts_of_pictures(subject: Subject, gallery: Gallery, language: str) -> object:
    """Compare how often one of a picture's own captions comes first."""
    told = [(text, row) for row, each in enumerate(gallery.pictures) for text in each.in_language(language)]
    owner = np.array([row for _, row in told], np.int64)
    asking = np.unique([row for _, row in gallery.captions[language]])
    texts = subject.encoder.encode_texts([text for text, _ in told])
    best = encoder_best(gallery.vectors[asking], texts, SHORTLIST)
    before, after = owner[best[:, 0]] == asking, np.empty(len(asking), bool)
    for at, row in enumerate(asking.tolist()):
        kept = gallery.tokens[np.full(best.shape[1], row)]
        scores = subject.matcher.describe([told[text][0] for text in best[at]], kept)
        after[at] = owner[best[at, scores.argmax()]] == row
    return paired_difference(before, after, asking)


def certainty(subject: Subject) -> object:
    """Whether matches score above other pictures of the shortlist, and whether probabilities come true.

    Of captions; of phrases, which are true of many pictures, `phrases` tells.
    """
    found = {}
    for gallery in (*subject.photos, subject.scenes):
        for language in LANGUAGES:
            if gallery.captions[language]:
                found[f"{gallery.name} {language}"] = _certainty(
                    subject, gallery, subject.shortlists(gallery, language)
                )
    return found


def _certainty(subject: Subject, gallery: Gallery, lists: Shortlists) -> Mapping[str, float]:
    lists = lists.of(_long(lists.texts))
    rng = np.random.default_rng(SEED)
    own = subject.matcher.score(lists.texts, gallery.tokens[lists.owner])
    wrong = [rng.choice(np.flatnonzero(~row)) for row in lists.matches]
    others = lists.log_odds[np.arange(len(wrong)), wrong]
    said = probabilities(lists.log_odds[:, :CANDIDATES])
    matches = lists.matches[:, :CANDIDATES].ravel()
    return {
        "queries": len(lists.texts),
        "area_under_roc": area_under_roc(own.astype(np.float64), others.astype(np.float64)),
        "expected_calibration_error": expected_calibration_error(said.ravel(), matches),
    }


def _long(texts: Sequence[str]) -> NDArray[np.bool_]:
    """Return which texts are captions and no phrases."""
    return np.array([not is_phrase(text) for text in texts], np.bool_)


def fusion(subject: Subject) -> object:
    """Recall at 1 by ways to join what encoder and matcher say."""
    ways: Mapping[str, Callable[[Shortlists], NDArray[np.floating[Any]]]] = {
        "encoder alone": lambda lists: lists.cosines,
        "matcher alone": lambda lists: lists.judgements,
        "sum of standard scores": lambda lists: fused_scores([lists.cosines, lists.judgements]),
        "reciprocal ranks": lambda lists: fused_ranks([lists.cosines, lists.judgements]),
        "learnt (used)": lambda lists: lists.log_odds,
    }
    found: dict[str, dict[str, float]] = {}
    for gallery in (*subject.photos, subject.scenes):
        for language in LANGUAGES:
            if gallery.captions[language]:
                lists = subject.shortlists(gallery, language)
                rows = np.arange(len(lists.texts))
                found[f"{gallery.name} {language}"] = {
                    name: float(lists.matches[rows, way(lists).argmax(1)].mean()) for name, way in ways.items()
                }
    return found


def nothing(subject: Subject) -> object:
    """Ask for things while they are there, and again once every picture of them is gone."""
    found = {}
    for gallery in (*subject.photos, subject.scenes):
        concepts = _of_scenes(gallery.scenes) if gallery.scenes else _of_photos(gallery)
        for language in LANGUAGES:
            if gallery.captions[language]:
                found[f"{gallery.name} {language}"] = _missed(subject, gallery, language, concepts)
    return found


def _missed(
    subject: Subject, gallery: Gallery, language: str, concepts: Callable[[int], NDArray[np.bool_]]
) -> Mapping[str, float | None]:
    gone = np.stack([concepts(row) for _, row in gallery.captions[language]])
    lists, emptied = subject.shortlists(gallery, language), subject.without(gallery, language, gone)
    long = _long(lists.texts)
    there, absent = ([conviction(row) for row in each.log_odds[long]] for each in (lists, emptied))
    limit = subject.matcher.calibration.nothing.get(language)
    return {
        "queries": len(there),
        "gone_on_average": float(gone.sum(1).mean()),
        "area_under_roc": area_under_roc(np.array(there), np.array(absent)),
        "limit": limit,
        "said_of_what_is_there": None if limit is None else float(np.mean(np.array(there) < limit)),
        "said_of_what_is_gone": None if limit is None else float(np.mean(np.array(absent) < limit)),
    }


def _of_scenes(scenes: Sequence[Scene]) -> Callable[[int], NDArray[np.bool_]]:
    """Return what tells which scenes hold the first thing that a scene's captions name."""
    things = [{group.thing for group in scene.truth.groups} for scene in scenes]

    def concept(row: int) -> NDArray[np.bool_]:
        named = scenes[row].statements[row % len(scenes[row].statements)].mentions[0].thing
        return np.array([named in each for each in things])

    return concept


def _of_photos(gallery: Gallery) -> Callable[[int], NDArray[np.bool_]]:
    """Return what tells which pictures' English captions hold the noun that most captions of a picture share."""
    texts = [each.in_language("en") for each in gallery.pictures]
    words = [{singular(word) for text in some for word in _WORD.findall(text.lower())} for some in texts]

    def concept(row: int) -> NDArray[np.bool_]:
        counted = Counter(head for text in texts[row] for head in _heads(text))
        noun = max(sorted(counted), key=lambda head: counted[head])
        holding = np.array([noun in each for each in words])
        holding[row] = True
        return holding

    return concept


def _heads(text: str) -> set[str]:
    """Return the last word of each thing that a caption names: its noun, mostly."""
    things = [phrase.text for phrase in parse_query(text).phrases if phrase.kind == "thing"] or [text]
    last = [_WORD.findall(thing.lower()) for thing in things]
    return {singular(words[-1]) for words in last if words}


def negation(subject: Subject) -> object:
    """Precision at 1 of "A but no B" among scenes of which some show both, by what is looked for and what is scored."""
    gallery, found = subject.scenes, {}
    asked = _without(gallery.scenes)[: subject.sizes.negations]
    for language in LANGUAGES:
        ways: dict[str, list[bool]] = {"encoder alone": [], "matcher, whole query": [], "matcher, with exclusions": []}
        for style, statement in enumerate(asked):
            text = say(statement, language, style)
            true = np.array([holds(scene.truth, statement) for scene in gallery.scenes])
            for name, first in _firsts(subject, gallery, text).items():
                ways[name].append(bool(true[first]))
        found[language] = {"queries": len(asked)} | {name: float(np.mean(right)) for name, right in ways.items()}
    return found


def _firsts(subject: Subject, gallery: Gallery, text: str) -> Mapping[str, int]:
    """Return the scene that comes first in each way."""
    query = parse_query(text)
    whole, wanted = subject.encoder.encode_texts([text, query.wanted])
    plain, best = (encoder_best(each[None], gallery.vectors, SHORTLIST)[0] for each in (whole, wanted))
    scores = _score(subject, gallery, text, best)
    against = [np.maximum(0, _score(subject, gallery, thing, best) - DELTA) for thing in query.excluded]
    return {
        "encoder alone": int(plain[0]),
        "matcher, whole query": int(plain[_score(subject, gallery, text, plain).argmax()]),
        "matcher, with exclusions": int(best[(scores - BETA * np.sum(against, axis=0)).argmax()]),
    }


def _score(subject: Subject, gallery: Gallery, text: str, best: Ids) -> NDArray[np.float32]:
    return subject.matcher.score([text] * len(best), gallery.tokens[best])


def _without(scenes: Sequence[Scene]) -> list[Statement]:
    """Return what scenes show and do not show, where another one shows both."""
    counts = [{group.thing: group.count for group in scene.truth.groups} for scene in scenes]
    asked = []
    for at, one in enumerate(counts):
        for other in (*counts[at + 1 :], *counts[:at]):
            shared = [thing for thing, count in one.items() if other.get(thing) == count]
            more = [thing for thing in other if thing not in one]
            if shared and more:
                asked.append(Statement((Mention(shared[0], one[shared[0]]),), absent=more[0]))
                break
    return [each for each in asked if any(holds(scene.truth, each) for scene in scenes)]
