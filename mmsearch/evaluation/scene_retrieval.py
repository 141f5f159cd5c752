"""Finding one drawn scene among many by its caption, by an encoder alone and after re-ranking its best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import BadInput
from mmsearch.evaluation.compose_cases import SEED, SIDE
from mmsearch.evaluation.metrics import bootstrap_interval
from mmsearch.evaluation.report import EvaluationReport
from mmsearch.evaluation.retrieval import TIE, evaluate_retrieval
from mmsearch.scenes import Detail, SceneGenerator, SceneTruth, Statement, holds
from mmsearch.scenes.describing import LANGUAGES
from mmsearch.types import Ids, Progress, Vectors

if TYPE_CHECKING:
    from mmsearch.rerankers.base import PictureTokens, Reranker

SCENES = 1_000
SHORTLIST = 32  # pictures that the encoder finds best and the re-ranker sorts anew
DETAILS = (Detail.FULL, Detail.SOME, Detail.SHORT)  # the first is the headline
_QUERIES = 16  # captions re-ranked between two reports of progress
_UNSEEN = 1  # added to the seed, so that these scenes are not those of the pairs


@dataclass(frozen=True, slots=True)
class Reranked:
    """How often the right picture comes first once the shortlist was re-ranked."""

    recall_at_1: float
    interval_at_1: tuple[float, float]  # 95 %, bootstrap over queries
    shortlist: int
    in_shortlist: float  # share of queries whose picture the encoder put there: no re-ranking can do better


@dataclass(frozen=True, slots=True)
class SceneRetrieval:
    """Retrieval of scenes by captions of one detail in one language."""

    detail: Detail
    language: str
    satisfying: float  # scenes of which the caption is true, on average; only its own counts as right
    encoder: EvaluationReport
    reranked: Reranked | None


@dataclass(frozen=True, slots=True)
class _Drawn:
    """The scenes of a run, each list with one entry a scene."""

    pictures: list[Image.Image]
    truths: list[SceneTruth]
    statements: list[tuple[Statement, ...]]  # in the order of DETAILS
    captions: list[dict[str, tuple[str, ...]]]


def retrieve_scenes(
    encoder: DualEncoder,
    reranker: "Reranker | None" = None,
    *,
    scenes: int = SCENES,
    seed: int = SEED,
    side: int = SIDE,
    progress: Callable[[Progress], None] | None = None,
) -> tuple[SceneRetrieval, ...]:
    """Measure whether a caption finds its scene among others, for each detail and language.

    Scenes are drawn from the whole vocabulary, held-out things included; no caption is given twice. The right answer
    is the scene that a caption was made of, though others may satisfy it too: `satisfying` says how many do.

    Args:
        encoder: Finds pictures by cosine.
        reranker: Sorts the encoder's best `SHORTLIST` anew.
        scenes: How many there are to choose from.
        seed: Equal seeds give equal scenes.
        side: Width and height of the pictures in pixels.
        progress: Called now and then.

    Raises:
        BadInput: If `scenes` is less than one.
    """
    if scenes < 1:
        raise BadInput(f"Retrieval needs at least one scene; got {scenes}.")
    report = progress or (lambda _: None)
    drawn = _draw(scenes, seed + _UNSEEN, side, report)
    images = encoder.encode_images(drawn.pictures)  # (n, dim)
    tokens = None if reranker is None else reranker.prepare(drawn.pictures)
    found = []
    for which, detail in enumerate(DETAILS):
        satisfying = _satisfying(drawn.truths, [statements[which] for statements in drawn.statements])
        for language in LANGUAGES:
            captions = [each[language][which] for each in drawn.captions]
            texts = encoder.encode_texts(captions)  # (n, dim)
            name = f"{scenes} scenes, {detail}"
            alone = evaluate_retrieval(
                images, texts, np.arange(scenes), encoder=encoder.name, dataset=name, language=language
            )
            again = None
            if reranker is not None and tokens is not None:
                ranks = _reranked(reranker, tokens, captions, texts @ images.T, f"{detail}, {language}", report)
                again = _summary(ranks, min(SHORTLIST, scenes))
            found.append(SceneRetrieval(detail, language, satisfying, alone, again))
    return tuple(found)


def _draw(scenes: int, seed: int, side: int, report: Callable[[Progress], None]) -> _Drawn:
    drawn = _Drawn([], [], [], [])
    for done, scene in enumerate(SceneGenerator(side, seed, details=DETAILS).scenes(scenes), start=1):
        drawn.pictures.append(scene.picture)
        drawn.truths.append(scene.truth)
        drawn.statements.append(scene.statements)
        drawn.captions.append(scene.captions)
        report(Progress("scenes", done, scenes, skipped=0, rate=0.0, seconds_left=None))
    return drawn


def _satisfying(truths: Sequence[SceneTruth], statements: Sequence[Statement]) -> float:
    """Return of how many scenes a statement is certainly true, on average."""
    things = [{group.thing for group in truth.groups} for truth in truths]
    total = 0
    for statement in statements:
        named = {mention.thing for mention in statement.mentions}
        total += sum(named <= there and holds(truth, statement) for truth, there in zip(truths, things, strict=True))
    return total / len(statements)


def _reranked(
    reranker: "Reranker",
    tokens: "PictureTokens",
    captions: Sequence[str],
    cosines: Vectors,
    phase: str,
    report: Callable[[Progress], None],
) -> Ids:
    """Return the rank that each caption's own picture reaches, (n,); one more than the shortlist if it is not there.

    Args:
        reranker: Scores pairs.
        tokens: Of the n pictures.
        captions: One for each picture.
        cosines: (n, n), captions by pictures.
        phase: Named in the progress.
        report: Called with it.
    """
    size = min(SHORTLIST, len(captions))
    best = np.argsort(-cosines, axis=1, kind="stable")[:, :size]  # (n, size)
    ranks = np.empty(len(captions), np.int64)
    for start in range(0, len(captions), _QUERIES):
        block = best[start : start + _QUERIES]  # (q, size)
        texts = [text for text in captions[start : start + _QUERIES] for _ in range(size)]
        scores = reranker.score(texts, tokens[block.ravel()]).reshape(block.shape)  # (q, size)
        own = block == np.arange(start, start + len(block))[:, None]  # (q, size)
        floor = np.where(own, scores, -np.inf).max(1, keepdims=True) - TIE  # (q, 1); ties go against the model
        ranks[start : start + len(block)] = 1 + ((scores > floor) & ~own).sum(1)
        done = start + len(block)
        report(Progress(f"re-ranking, {phase}", done, len(captions), skipped=0, rate=0.0, seconds_left=None))
    return ranks


def _summary(ranks: Ids, size: int) -> Reranked:
    """Return what the ranks after re-ranking come to."""
    first = ranks == 1
    return Reranked(
        float(first.mean()), bootstrap_interval(first, np.arange(len(ranks))), size, float((ranks <= size).mean())
    )
