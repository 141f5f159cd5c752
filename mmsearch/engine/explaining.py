"""Why a text and a picture were found together: what there is of each phrase, and where in the picture."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.engine.judging import NONE, Judges
from mmsearch.errors import BadPicture, EncoderError, RerankerError
from mmsearch.grammar import ParsedQuery
from mmsearch.grammar.spans import phrases_of
from mmsearch.rerankers.evidence import Evidence
from mmsearch.search.second_opinion import SecondOpinion, probability_of
from mmsearch.types import Explanation, HeatMap, Item, MadeBy, Reason

log = logging.getLogger(__name__)

Grids = NDArray[np.float32]  # (n, rows, columns)


@dataclass(frozen=True, slots=True)
class PictureAsked:
    """The picture that is to be explained.

    Args:
        vector: (dim,), the encoder's unit vector of it.
        read: Reads it for a side in pixels; raises BadPicture where it cannot be read.
        item: That it is the picture of, if it was indexed.
    """

    vector: NDArray[np.float32]
    read: Callable[[int], Image.Image]
    item: Item | None = None


@dataclass(frozen=True, slots=True)
class _Judgement:
    """What a re-ranker says of a text and its phrases."""

    whole: float  # probability
    each: Sequence[float]
    grids: Grids | None  # None where it does not tell where it looks
    reranker: str


def explain(
    query: ParsedQuery, picture: PictureAsked, encoder: DualEncoder, judges: Judges, reranker: str | None
) -> Explanation:
    """Say phrase by phrase why a text and a picture were found together.

    Where there is no re-ranker, or it does not tell where it looks, heat maps come from the encoder.

    Raises:
        EncoderError: If the encoder fails on words.
    """
    phrases = phrases_of(query)
    texts = [phrase.text for phrase, _ in phrases]
    vectors = encoder.encode_texts(texts)  # (n, dim)
    judgement, trouble = _judgement(query, texts, picture, judges, reranker)
    made_by, grids = MadeBy.ATTENTION, judgement.grids if judgement else None
    if grids is None:
        made_by = MadeBy.PATCHES
        grids, missing = _similarities(encoder, picture, vectors)
        trouble = " ".join(filter(None, (trouble, missing))) or None
    heats = [None] * len(texts) if grids is None else [HeatMap(_scaled(grid), made_by) for grid in grids]
    reasons = tuple(
        Reason(
            phrase.text,
            phrase.kind.value,
            span,
            judgement.each[row] if judgement else None,
            float(vectors[row] @ picture.vector),
            heats[row],
        )
        for row, (phrase, span) in enumerate(phrases)
    )
    whole, name = (judgement.whole, judgement.reranker) if judgement else (None, None)
    return Explanation(query.text, reasons, whole, encoder.name, name, trouble)


def _judgement(
    query: ParsedQuery, texts: Sequence[str], picture: PictureAsked, judges: Judges, name: str | None
) -> tuple[_Judgement | None, str | None]:
    """Return what the re-ranker says; None where there is none or it fails, and then why."""
    if (name or judges.default or NONE) == NONE:
        return None, None
    try:
        # A turn for each step, so that the hits of a search need not wait for all of them.
        tokens = judges.in_turn(lambda judge: _tokens(judge, picture), name)
        same = tokens[np.zeros(len(texts), np.int64)]
        whole = judges.in_turn(lambda judge: judge.log_odds(query, tokens), name)
        each = judges.in_turn(lambda judge: judge.pair_odds(texts, same), name)
        grids = judges.in_turn(lambda judge: _looks(judge, texts, tokens), name)
    except (RerankerError, BadPicture) as error:
        log.warning("An explanation without re-ranker: %s", error)
        return None, str(error)
    probabilities = [probability_of(float(one)) for one in each]
    return _Judgement(probability_of(float(whole[0])), probabilities, grids, judges(name).reranker.name), None


def _tokens(judge: SecondOpinion, picture: PictureAsked) -> Evidence:
    """Return what the re-ranker keeps of a picture, which may be at hand."""
    if picture.item is None:
        return judge.reranker.prepare([picture.read(judge.reranker.image_side)])
    tokens = judge.look([picture.item]).tokens
    if tokens is None:
        raise RerankerError("The picture cannot be read: its file is gone or has changed.")
    return tokens


def _looks(judge: SecondOpinion, texts: Sequence[str], tokens: Evidence) -> Grids | None:
    try:
        return judge.reranker.heat(texts, tokens)
    except RerankerError as error:
        log.info("Heat maps come from the encoder: %s", error)
        return None


def _similarities(
    encoder: DualEncoder, picture: PictureAsked, vectors: NDArray[np.float32]
) -> tuple[Grids | None, str | None]:
    """Return how similar the parts of a picture are to vectors of phrases, (n, dim); None and why if that fails."""
    try:
        patches = encoder.encode_patches(picture.read(encoder.image_side))  # (rows, columns, dim)
    except (EncoderError, BadPicture) as error:
        return None, str(error)
    return np.stack([smoothed(grid) for grid in np.moveaxis(patches @ vectors.T, -1, 0)]), None


def smoothed(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the mean of each cell and those around it, (rows, columns).

    A tower mixes neighbours, so a thing speaks from beside itself too: the mean points to it far more often
    (`benchmarks/results/pointing.json`).
    """
    rows, columns = grid.shape
    apart = range(-1, 2)
    inside = np.pad(np.ones_like(grid), 1)
    padded = np.pad(grid, 1)
    shifts = [(slice(1 + y, 1 + y + rows), slice(1 + x, 1 + x + columns)) for y in apart for x in apart]
    mean: Grids = np.sum([padded[at] for at in shifts], 0) / np.sum([inside[at] for at in shifts], 0)
    return mean


def _scaled(grid: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a map from 0 to 1; one that is even all over is 0."""
    low, high = float(grid.min()), float(grid.max())
    if not high > low:
        return np.zeros_like(grid)
    return ((grid - low) / (high - low)).astype(np.float32)
