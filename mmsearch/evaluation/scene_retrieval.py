"""Finding one drawn scene among many by its caption, by an encoder alone and after re-ranking its best."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import BadInput
from mmsearch.evaluation.compose_cases import SEED, SIDE, UNSEEN
from mmsearch.evaluation.metrics import bootstrap_interval
from mmsearch.evaluation.report import EvaluationReport
from mmsearch.evaluation.reranking import SHORTLIST, encoder_best, ranks_in, reranked
from mmsearch.evaluation.retrieval import evaluate_retrieval
from mmsearch.scenes import Detail, SceneGenerator, SceneTruth, Statement, holds
from mmsearch.scenes.describing import LANGUAGES
from mmsearch.types import Ids, Progress

if TYPE_CHECKING:
    from mmsearch.rerankers.base import Reranker

SCENES = 1_000
DETAILS = (Detail.FULL, Detail.SOME, Detail.SHORT)  # the first is the headline


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
    drawn = _draw(scenes, seed + UNSEEN, side, report)
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
                best = encoder_best(texts, images, SHORTLIST)
                order = reranked(reranker, tokens, captions, best, f"re-ranking, {detail}, {language}", report)
                again = _summary(ranks_in(order, np.arange(scenes)), best.shape[1])
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


def _summary(ranks: Ids, size: int) -> Reranked:
    """Return what the ranks after re-ranking come to."""
    first = ranks == 1
    return Reranked(
        float(first.mean()), bootstrap_interval(first, np.arange(len(ranks))), size, float((ranks <= size).mean())
    )
