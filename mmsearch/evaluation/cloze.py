"""Hidden words guessed with the picture at hand against without it: does the matcher read what it sees?

A cloze test (Taylor, Journalism Quarterly 1953) by masked language modelling with a picture (ALBEF, arXiv:2107.07651).
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from numpy.typing import NDArray

from mmsearch.errors import BadInput
from mmsearch.evaluation.cloze_questions import ClozeQuestion
from mmsearch.evaluation.metrics import Difference, paired_difference
from mmsearch.nets.matcher_network import MASK, MatcherNetwork
from mmsearch.nets.rows8 import decode_rows
from mmsearch.nets.spans import spanned_tokens
from mmsearch.types import Ids, Progress

if TYPE_CHECKING:
    from mmsearch.rerankers.evidence import PictureTokens

SCENES = 1_000  # about 2,400 words in each language: an interval of ±2 points at 95 %
_CHUNK = 64  # texts of like length that are read together


@dataclass(frozen=True, slots=True)
class ClozeScore:
    """How often a hidden word was guessed: `before` without the picture, `after` with it."""

    kind: str | None  # "noun", "colour", "content word"; None: all together
    words: int
    seeing: Difference


@dataclass(frozen=True, slots=True)
class ClozeReport:
    """What hiding words of one set of captions found."""

    reranker: str
    dataset: str
    language: str
    pictures: int
    left_out: int  # words beyond what a text may be long, which could not be hidden
    overall: ClozeScore
    kinds: tuple[ClozeScore, ...]  # in alphabetical order


def guess_words(
    network: MatcherNetwork,
    tokens: "PictureTokens",
    questions: Sequence[ClozeQuestion],
    *,
    reranker: str,
    dataset: str,
    language: str,
    progress: Callable[[Progress], None] | None = None,
) -> ClozeReport:
    """Hide one word at a time, and let the network guess it with the picture and without.

    All tokens of a word are hidden together, and the likeliest token must be the right one at every place. Without the
    picture the text alone is read, by the same layers.

    Args:
        network: Ready for inference.
        tokens: What the matcher keeps of the pictures.
        questions: Which words to hide.
        reranker: Named in the report.
        dataset: Named in the report.
        language: Of the captions, named in the report.
        progress: Called now and then.

    Raises:
        BadInput: If no word can be hidden.
    """
    guessed = np.zeros((len(questions), 3), np.bool_)  # hidden at all, right with the picture, right without
    owner = np.array([question.picture for question in questions], np.int64)
    table, done = network.table(), 0
    for rows in _alike(questions):
        guessed[rows] = _guessed(network, table, tokens[owner[rows]], [questions[row] for row in rows])
        done += len(rows)
        if progress is not None:
            phase = f"hidden words, {dataset}, {language}"
            progress(Progress(phase, done, len(questions), skipped=0, rate=0.0, seconds_left=None))
    kept = np.flatnonzero(guessed[:, 0])
    if not len(kept):
        raise BadInput(f"{dataset} has no word in {language} that can be hidden; give longer captions.")
    asked = np.array([question.kind for question in questions])
    by_kind = {kind: kept[asked[kept] == kind] for kind in np.unique(asked[kept]).tolist()}
    return ClozeReport(
        reranker=reranker,
        dataset=dataset,
        language=language,
        pictures=len(np.unique(owner[kept])),
        left_out=len(questions) - len(kept),
        overall=_score(None, guessed[kept], owner[kept]),
        kinds=tuple(_score(kind, guessed[rows], owner[rows]) for kind, rows in by_kind.items()),
    )


def _alike(questions: Sequence[ClozeQuestion]) -> Iterator[Ids]:
    """Yield the numbers of questions whose texts are about equally long, some at a time."""
    order = np.argsort([len(question.text) for question in questions], kind="stable")
    for start in range(0, len(order), _CHUNK):
        yield order[start : start + _CHUNK]


@torch.inference_mode()
def _guessed(
    network: MatcherNetwork, table: torch.Tensor, pictures: "PictureTokens", questions: Sequence[ClozeQuestion]
) -> NDArray[np.bool_]:
    """Return whether each word could be hidden, was guessed seeing its picture, and blindly, (n, 3)."""
    weight = network.dual.image.stem.weight
    read = spanned_tokens(network.dual, [question.text for question in questions])
    hide = read.within([question.start for question in questions], [question.end for question in questions])  # (n, L)
    ids, mask, hide = (each.to(weight.device) for each in (read.ids, read.mask, hide))
    hidden = network.below(ids.masked_fill(hide, MASK), mask)
    rows, scale = (torch.from_numpy(each).to(weight.device) for each in (pictures.rows, pictures.scale))
    result = [hide.any(1)]
    for seen in (network.fusion.see(decode_rows(rows, scale, weight.dtype)), None):
        right = torch.ones_like(hide)
        right[hide] = network.predict(hidden, mask, seen, hide, table).argmax(1) == ids[hide]
        result.append(right.all(1) & hide.any(1))
    stacked: NDArray[np.bool_] = torch.stack(result, 1).cpu().numpy()
    return stacked


def _score(kind: str | None, guessed: NDArray[np.bool_], owner: Ids) -> ClozeScore:
    return ClozeScore(kind, len(guessed), paired_difference(guessed[:, 2], guessed[:, 1], owner))
