"""What a second opinion is worth for what people type: phrases, asked of photographs and scenes side by side."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from benchmarks.opinion_shortlists import SEED, Subject
from mmsearch.evaluation.certainty import area_under_roc, expected_calibration_error
from mmsearch.evaluation.nonsense import words_without_meaning
from mmsearch.evaluation.phrases import Captioned
from mmsearch.rerankers.calibration import PHRASE
from mmsearch.rerankers.verdict import conviction, probabilities
from mmsearch.training.calibration_pairs import Shortlists
from mmsearch.training.captions import LANGUAGES

NONSENSE = 100  # phrases without meaning, of each language
FIRST, CANDIDATES = 5, 16  # hits that are counted, and those over which the calibration error is taken


def phrases(subject: Subject) -> object:
    """How many of the first hits are right before and after, whether probabilities come true, and what is missed.

    A picture is right if a caption names the phrase, so of photographs some count as wrong that are not.
    """
    mixed, found = subject.mixed, {}
    for language in LANGUAGES:
        lists = mixed.shortlists(mixed.phrases(language))
        calibration = subject.matcher.calibration
        log_odds = mixed.log_odds(lists, calibration)
        gone = mixed.log_odds(mixed.shortlists(lists.texts, lists.texts.matches), calibration)
        limit = calibration.nothing.get(f"{language} {PHRASE}")
        for kind, rows in (("photographs", ~lists.texts.of_scenes), ("scenes", lists.texts.of_scenes)):
            found[f"{language}, of {kind}"] = _precision(lists, log_odds, rows) | _missed(log_odds, gone, rows, limit)
    return found


def nonsense(subject: Subject) -> object:
    """Ask the bundled pictures for phrases that their captions share, and for some without meaning.

    Counts of how many of each it is said that nothing matches.
    """
    found = {}
    for language in LANGUAGES:
        limit = subject.matcher.calibration.nothing.get(f"{language} {PHRASE}")
        there = Captioned([each.in_language(language) for each in subject.bundled.pictures]).common()
        vain = words_without_meaning(language, NONSENSE, np.random.default_rng(SEED))
        sure = {"there": _convictions(subject, there, language), "vain": _convictions(subject, vain, language)}
        found[language] = {
            "area_under_roc": area_under_roc(sure["there"], sure["vain"]),
            "limit": limit,
            **{
                name: {
                    "queries": len(each),
                    "median": float(np.median(each)),
                    "said": None if limit is None else float((each < limit).mean()),
                }
                for name, each in sure.items()
            },
        }
    return found


def _convictions(subject: Subject, phrases: list[str], language: str) -> NDArray[np.float64]:
    """Return how probable the best of the bundled pictures is for each phrase."""
    asking = replace(subject.bundled, captions={language: [(each, 0) for each in phrases]})
    return np.array([conviction(row, of_phrase=True) for row in subject.without(asking, language).log_odds])


def _precision(lists: Shortlists, log_odds: NDArray[np.float32], rows: NDArray[np.bool_]) -> Mapping[str, float]:
    matches, odds = lists.matches[rows], log_odds[rows]
    ordered = np.take_along_axis(matches, np.argsort(-odds, axis=1, kind="stable"), 1)
    drawn = np.take_along_axis(lists.drawn[rows], odds.argmax(1)[:, None], 1)
    said = probabilities(odds[:, :CANDIDATES]).ravel()
    return {
        "queries": int(rows.sum()),
        "precision_at_1": {"encoder": float(matches[:, 0].mean()), "re-ranked": float(ordered[:, 0].mean())},
        "precision_at_5": {
            "encoder": float(matches[:, :FIRST].mean()),
            "re-ranked": float(ordered[:, :FIRST].mean()),
        },
        "drawn_first": float(drawn.mean()),
        "area_under_roc": area_under_roc(odds[matches].astype(np.float64), odds[~matches].astype(np.float64)),
        "expected_calibration_error": expected_calibration_error(said, matches[:, :CANDIDATES].ravel()),
    }


def _missed(
    log_odds: NDArray[np.float32], gone: NDArray[np.float32], rows: NDArray[np.bool_], limit: float | None
) -> Mapping[str, float | None]:
    there, absent = (np.array([conviction(row, of_phrase=True) for row in odds[rows]]) for odds in (log_odds, gone))
    return {
        "nothing_area_under_roc": area_under_roc(there, absent),
        "limit": limit,
        "said_of_what_is_there": None if limit is None else float((there < limit).mean()),
        "said_of_what_is_gone": None if limit is None else float((absent < limit).mean()),
    }
