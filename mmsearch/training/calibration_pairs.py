"""Texts asked of a mixed collection of photographs and drawn scenes, and what encoder and matcher say of the best."""

from collections.abc import Mapping, Sequence, Sized
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mmsearch.encoders.base import DualEncoder
from mmsearch.evaluation.compose_cases import compose_cases
from mmsearch.evaluation.nonsense import words_without_meaning
from mmsearch.evaluation.phrases import Captioned
from mmsearch.evaluation.reranking import SHORTLIST, encoder_best
from mmsearch.grammar import is_phrase, parse_query
from mmsearch.rerankers.calibration import Calibration
from mmsearch.rerankers.evidence import PictureTokens
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.scenes import Detail, Scene, SceneGenerator, say
from mmsearch.scenes.describing import statement_about, title
from mmsearch.scenes.truth import Statement, may_show
from mmsearch.training.captions import LANGUAGES, CaptionedPicture
from mmsearch.training.folders import open_reduced
from mmsearch.training.measure import DevSet
from mmsearch.types import Ids, Vectors

T = TypeVar("T")
CAPTIONS, PHRASES = 800, 300  # of photographs, and phrases of either kind of picture, drawn by lot for each language
NONSENSE = 100  # phrases without meaning, of each language
SCENES, SEED, SIDE = 300, 52_001, 224  # drawn for this alone
FOILS = 40  # scenes of each kind of foil and each split


@dataclass(frozen=True)
class Pairs:
    """Pairs of a text and a picture with what is said of them, (n,) each."""

    judgements: NDArray[np.float32]  # log-odds by the matcher alone
    cosines: NDArray[np.float32]  # of the encoder
    matches: NDArray[np.bool_]

    @property
    def scores(self) -> NDArray[np.float32]:
        """Both opinions, (n, 2)."""
        return np.stack([self.judgements, self.cosines], 1)

    def __add__(self, other: "Pairs") -> "Pairs":
        """Return the pairs of both."""
        names = ("judgements", "cosines", "matches")
        return Pairs(*(np.concatenate([getattr(self, name), getattr(other, name)]) for name in names))


@dataclass(frozen=True)
class Texts:
    """Texts that ask.

    Args:
        words: m of them.
        matches: (m, n), which of the pictures each is true of.
        of_scenes: (m,), whether it was drawn for a scene.
    """

    words: Sequence[str]
    matches: NDArray[np.bool_]
    of_scenes: NDArray[np.bool_]

    @classmethod
    def in_vain(cls, words: Sequence[str], pictures: Sized) -> "Texts":
        """Return texts that are true of none of some pictures."""
        return cls(words, np.zeros((len(words), len(pictures)), np.bool_), np.zeros(len(words), np.bool_))

    def of_photos(self) -> "Texts":
        """Return those that were said of photographs."""
        rows = np.flatnonzero(~self.of_scenes).tolist()
        return Texts([self.words[row] for row in rows], self.matches[rows], self.of_scenes[rows])


@dataclass(frozen=True)
class Shortlists:
    """What the encoder finds best for texts, and what is said of it, (m, size) each."""

    texts: Texts
    best: Ids  # rows of pictures
    judgements: NDArray[np.float32]
    cosines: NDArray[np.float32]
    drawn: NDArray[np.bool_]  # whether the picture is no photograph

    def pairs(self, drawn: bool) -> Pairs:
        """Return those with pictures of one kind."""
        chosen = self.drawn == drawn
        return Pairs(self.judgements[chosen], self.cosines[chosen], self.matches[chosen])

    @property
    def matches(self) -> NDArray[np.bool_]:
        """Which pictures each text is true of."""
        return np.take_along_axis(self.texts.matches, self.best, 1)


class MixedCollection:
    """Photographs and drawn scenes side by side.

    Args:
        encoder: Finds what the matcher is asked about.
        judge: Says what its network alone thinks.
        sets: Photographs with captions; none where there are none.
        seed: Of scenes and of lots.
        held_out: Ask by the captions that are kept for telling how good a fit is, not by those that are fitted on.
    """

    def __init__(
        self,
        encoder: DualEncoder,
        judge: NetworkMatcher,
        sets: Sequence[DevSet],
        seed: int = SEED,
        *,
        held_out: bool = False,
    ) -> None:
        self.encoder, self.judge = encoder, judge
        self.photos: list[CaptionedPicture] = [each for one in sets for each in one.pictures]
        self.asks = [calibrates(row) is not held_out for one in sets for row in range(len(one.pictures))]
        self.scenes: list[Scene] = list(SceneGenerator(SIDE, seed).scenes(SCENES))
        kept = [judge.prepare([open_reduced(each.path, judge.image_side) for each in one.pictures]) for one in sets]
        self.tokens = PictureTokens.joined([*kept, judge.prepare([scene.picture for scene in self.scenes])])
        self.drawn = np.arange(len(self.tokens)) >= len(self.photos)
        self._seed, self._rng = seed, np.random.default_rng(seed)

    def captions(self, language: str) -> Texts:
        """Return captions; each is true of its own picture alone."""
        told = [each.in_language(language) if asks else () for each, asks in zip(self.photos, self.asks, strict=True)]
        of_photos = self._drawn([(text, row) for row, some in enumerate(told) for text in some], CAPTIONS)
        own = [scene.captions[language] for scene in self.scenes]
        of_scenes = [(some[at % len(some)], len(self.photos) + at) for at, some in enumerate(own)]
        asked = [*of_photos, *of_scenes]
        matches = np.zeros((len(asked), len(self.tokens)), np.bool_)
        matches[np.arange(len(asked)), [row for _, row in asked]] = True
        of_scene = [row >= len(self.photos) for _, row in asked]
        return Texts([text for text, _ in asked], matches, np.array(of_scene, np.bool_))

    def phrases(self, language: str) -> Texts:
        """Return phrases that captions of photographs often use, and queries for one thing in a scene."""
        told = [each.in_language(language) for each in self.photos]
        asking = [some if asks else () for some, asks in zip(told, self.asks, strict=True)]
        drawn = [(title(scene.truth, language), *scene.captions[language]) for scene in self.scenes]
        captioned = Captioned([*told, *drawn])
        found = self._drawn(Captioned(asking).common(), PHRASES)
        rows = [captioned.shares(phrase) > 0 for phrase in found]
        of_photos = len(found)
        for text, query in self._queries(language):
            shown = [may_show(scene.truth, query) for scene in self.scenes]
            found.append(text)
            rows.append(np.where(self.drawn, [*[False] * len(told), *shown], captioned.shares(text) > 0))
        return Texts(found, np.array(rows, np.bool_), np.arange(len(found)) >= of_photos)

    def nonsense(self, language: str) -> Texts:
        """Return phrases without meaning."""
        return Texts.in_vain(words_without_meaning(language, NONSENSE, np.random.default_rng(self._seed)), self.drawn)

    def _queries(self, language: str) -> list[tuple[str, Statement]]:
        """Return what one might want to find, in words and as what they claim: one kind of thing of each scene."""
        rng = np.random.default_rng(self._seed)
        told = [statement_about(scene.truth, rng, Detail.QUERY) for scene in self.scenes]
        queries = [replace(each, mentions=each.mentions[:1], background=None) for each in told]
        texts = [say(each, language) for each in queries]
        return [(text, query) for text, query in zip(texts, queries, strict=True) if is_phrase(text)]

    def _drawn(self, texts: Sequence[T], most: int) -> list[T]:
        """Return some of them, drawn by lot."""
        return [texts[at] for at in np.sort(self._rng.permutation(len(texts))[:most])]

    def shortlists(self, texts: Texts, gone: NDArray[np.bool_] | None = None) -> Shortlists:
        """Pair texts with what the encoder finds best for each.

        Args:
            texts: That ask.
            gone: (m, n), pictures that are not there for a text; None if all are.
        """
        asked, images = wanted_vectors(self.encoder, texts.words), self.tokens.vectors.astype(np.float32)
        best = encoder_best(asked, images, SHORTLIST, gone)  # (m, size)
        repeated = [text for text in texts.words for _ in range(best.shape[1])]
        judgements = self.judge.score(repeated, self.tokens[best.ravel()]).reshape(best.shape)
        cosines = np.einsum("md,msd->ms", asked, images[best])
        return Shortlists(texts, best, judgements, cosines, self.drawn[best])

    def drawings_for(self, texts: Texts) -> Shortlists:
        """Pair texts with the drawn pictures that the encoder finds best, as if there were no photographs."""
        return self.shortlists(texts, np.broadcast_to(~self.drawn, texts.matches.shape))

    def log_odds(self, lists: Shortlists, calibration: Calibration) -> NDArray[np.float32]:
        """Return the calibrated log-odds of shortlists, (m, size)."""
        repeated = [text for text in lists.texts.words for _ in range(lists.best.shape[1])]
        vectors = self.tokens.vectors[lists.best.ravel()]
        found = calibration.log_odds(repeated, lists.judgements.ravel(), lists.cosines.ravel(), vectors)
        return found.reshape(lists.best.shape)


def foils(encoder: DualEncoder, judge: NetworkMatcher) -> Mapping[str, Pairs]:
    """Pair scenes with a true caption and its foil, one after the other, by language."""
    cases = list(compose_cases(FOILS, SEED, SIDE))
    kept = judge.prepare([case.picture for case in cases])
    rows, found = np.repeat(np.arange(len(cases)), 2), dict[str, Pairs]()
    for language in LANGUAGES:
        texts = [text for case in cases for text in case.pairs[language]]
        read = wanted_vectors(encoder, texts)
        cosines = np.einsum("nd,nd->n", read, kept.vectors[rows].astype(np.float32))
        found[language] = Pairs(judge.score(texts, kept[rows]), cosines, np.tile([True, False], len(cases)))
    return found


def wanted_vectors(encoder: DualEncoder, texts: Sequence[str]) -> Vectors:
    """Return an encoder's vectors of what texts want, without what they deny, (n, dim): by these pictures are found."""
    queries = [parse_query(text) for text in texts]
    return encoder.encode_texts([query.wanted if query.excluded else query.text for query in queries])


def calibrates(row: int) -> bool:
    """Return whether captions of the picture in a row of a dev set are calibrated on, and so not measured on."""
    return row % 2 == 0
