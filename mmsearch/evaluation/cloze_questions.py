"""Which words of captions are hidden and guessed: what drawn scenes show, and content words of photographs."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from mmsearch.errors import BadInput
from mmsearch.evaluation.compose_cases import SEED, SIDE, UNSEEN
from mmsearch.scenes import SceneGenerator
from mmsearch.scenes.describing import LANGUAGES
from mmsearch.scenes.marking import marked
from mmsearch.types import Ids

if TYPE_CHECKING:
    from mmsearch.nets.dual_network import DualNetwork

CONTENT = "content word"
_ENGLISH = re.compile(r"[A-Za-z]{3,}")
_IDEOGRAPHS = re.compile(r"[\u3400-\u9fff]{2,}")
# Words that a text can do without a picture: articles, pronouns, prepositions, auxiliaries, numbers of no thing.
_FUNCTION_EN = (
    "about across after against all along also and another any are around away back beside between both but can "
    "different down during each for from front has have her hers him his into its like near next not off one onto "
    "other others out over past several she some something that the their them then there these they this three "
    "through together top toward towards two under very was were what when where which while who with"
)
_FUNCTION_ZH = frozenset(
    "的地得了着过在和与有是被把一二两三四五六几些个只条名位群不上下里中前后旁边这那他她它们自己起来去"
)


@dataclass(frozen=True, slots=True)
class ClozeQuestion:
    """A word that is hidden in a caption of a picture: `text[start:end]`."""

    text: str
    picture: int  # number of the picture
    start: int
    end: int
    kind: str  # "noun", "colour" or `CONTENT`


@dataclass(frozen=True, slots=True)
class SceneQuestions:
    """Drawn scenes, and what is asked of them."""

    pictures: tuple[Image.Image, ...]
    questions: dict[str, tuple[ClozeQuestion, ...]]  # by language


def scene_questions(scenes: int, seed: int = SEED, side: int = SIDE) -> SceneQuestions:
    """Ask for every noun and colour that the generator marks, one at a time, in a caption of each scene.

    The scenes are of the seed that scenes to find one among are of, never trained on, held-out things included. How
    much the caption tells takes turns.

    Args:
        scenes: How many; at least one.
        seed: Equal seeds give equal scenes.
        side: Width and height of the pictures in pixels.

    Raises:
        BadInput: If `scenes` is less than one.
    """
    if scenes < 1:
        raise BadInput(f"Words can be hidden in captions of at least one scene; got {scenes}.")
    generator = SceneGenerator(side, seed + UNSEEN)
    pictures: list[Image.Image] = []
    questions: dict[str, list[ClozeQuestion]] = {language: [] for language in LANGUAGES}
    for row, scene in enumerate(generator.scenes(scenes)):
        pictures.append(scene.picture)
        which = row % len(scene.statements)
        for language, asked in questions.items():
            text = scene.captions[language][which]
            marks = marked(text, scene.statements[which], language)
            asked += [ClozeQuestion(text, row, mark.start, mark.end, mark.kind) for mark in marks]
    return SceneQuestions(tuple(pictures), {language: tuple(asked) for language, asked in questions.items()})


def content_questions(
    dual: "DualNetwork", captions: Sequence[str], owner: Ids, language: str, seed: int = 0
) -> tuple[ClozeQuestion, ...]:
    """Ask for one content word of each caption, drawn by lot; captions without one are left out.

    In English a content word has at least three letters and is no function word. Chinese writes no spaces: there it is
    a piece of the tokenizer of at least two ideographs, none of which is one of those that mostly serve grammar.

    Args:
        dual: Whose tokenizer cuts Chinese captions.
        captions: Of photographs.
        owner: (m,), the number of the picture of each caption.
        language: "en" or "zh".
        seed: Of the lot.
    """
    from mmsearch.nets.spans import spanned_tokens

    rng, questions = np.random.default_rng(seed), []
    if language == "en":
        found: Iterator[list[tuple[int, int]]] = (_english(text) for text in captions)
    else:
        spans = spanned_tokens(dual, captions).spans.tolist()
        found = (_chinese(text, own) for text, own in zip(captions, spans, strict=True))
    for text, picture, words in zip(captions, owner.tolist(), found, strict=True):
        if words:
            start, end = words[int(rng.integers(len(words)))]
            questions.append(ClozeQuestion(text, picture, start, end, CONTENT))
    return tuple(questions)


def _english(text: str) -> list[tuple[int, int]]:
    return [word.span() for word in _ENGLISH.finditer(text) if word[0].lower() not in _FUNCTION_EN.split()]


def _chinese(text: str, spans: Sequence[Sequence[int]]) -> list[tuple[int, int]]:
    return [
        (start, end)
        for start, end in spans
        if _IDEOGRAPHS.fullmatch(text, start, end) and _FUNCTION_ZH.isdisjoint(text[start:end])
    ]
