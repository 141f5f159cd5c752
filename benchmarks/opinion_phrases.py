"""What a second opinion is worth for what people type: phrases, asked of photographs and scenes side by side."""

from collections.abc import Mapping
from string import ascii_lowercase

import numpy as np
from numpy.typing import NDArray

from benchmarks.opinion_shortlists import SEED, Subject
from mmsearch.evaluation.certainty import area_under_roc, expected_calibration_error
from mmsearch.rerankers.calibration import PHRASE
from mmsearch.rerankers.verdict import conviction, probabilities
from mmsearch.training.calibration_pairs import Shortlists, Texts
from mmsearch.training.captions import LANGUAGES

FIRST, CANDIDATES = 5, 16  # hits that are counted, and those over which the calibration error is taken
NONSENSE = 100  # queries of a language


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
    """Ask photographs and scenes for words without meaning, and count of how many it is said that nothing matches."""
    found = {}
    for language in LANGUAGES:
        limit = subject.matcher.calibration.nothing.get(f"{language} {PHRASE}")
        words = _without_meaning(language, np.random.default_rng(SEED))
        none = np.zeros((len(words), len(subject.mixed.tokens)), np.bool_)
        lists = subject.mixed.shortlists(Texts(words, none, np.zeros(len(words), np.bool_)))
        odds = subject.mixed.log_odds(lists, subject.matcher.calibration)
        said = np.array([conviction(row, of_phrase=True) for row in odds])
        share = None if limit is None else float((said < limit).mean())
        found[language] = {"queries": len(words), "median": float(np.median(said)), "limit": limit, "said": share}
    return found


def _without_meaning(language: str, rng: np.random.Generator) -> list[str]:
    """Return words of random letters, or of random characters from all over the CJK block."""
    if language == "zh":
        return ["".join(map(chr, rng.integers(0x4E00, 0x9FA6, rng.integers(1, 5)))) for _ in range(NONSENSE)]
    lengths = [rng.integers(3, 8, rng.integers(1, 3)) for _ in range(NONSENSE)]
    return [" ".join("".join(rng.choice([*ascii_lowercase], length)) for length in some) for some in lengths]


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
