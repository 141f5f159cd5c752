"""What the parts of the benchmark of the second opinion share: models, dev pictures, and shortlists with all scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.machine import ROOT
from mmsearch.encoders.folder import open_folder
from mmsearch.encoders.registry import BUNDLED_ENCODER
from mmsearch.evaluation.reranking import SHORTLIST, encoder_best
from mmsearch.rerankers.evidence import PictureTokens
from mmsearch.rerankers.folder import NetworkMatcher, open_matcher
from mmsearch.rerankers.registry import BUNDLED_RERANKER
from mmsearch.scenes import Detail, Scene, SceneGenerator
from mmsearch.training.calibrating import uncalibrated
from mmsearch.training.calibration_pairs import MixedCollection, calibrates, wanted_vectors
from mmsearch.training.captions import LANGUAGES, CaptionedPicture, DatasetSettings, read_pictures
from mmsearch.training.config import read_config
from mmsearch.training.folders import open_reduced
from mmsearch.training.measure import DevSet, read_dev_sets
from mmsearch.training.run import BUNDLED_CONFIG
from mmsearch.types import Ids, Progress, Vectors

SEED = 83_000  # of scenes for this benchmark alone
_BUNDLED = DatasetSettings("bundled pictures", "captions.jsonl", licence="", source="")


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much is measured."""

    pictures: int = 1_000  # of each dev set, at most
    captions: int = 1_200  # of each set and language, drawn by lot
    scenes: int = 600
    negations: int = 250  # queries
    repeats: int = 20  # of what is timed


QUICK = Sizes(pictures=60, captions=20, scenes=40, negations=10, repeats=2)


@dataclass(frozen=True)
class Gallery:
    """Pictures to find, with captions that ask for them."""

    name: str
    vectors: Vectors  # (n, dim)
    tokens: PictureTokens
    captions: dict[str, list[tuple[str, int]]]  # by language: text and the row of its picture
    pictures: Sequence[CaptionedPicture] = ()
    scenes: Sequence[Scene] = ()


@dataclass(frozen=True)
class Shortlists:
    """What the encoder finds best for texts, and what is said of it; all but the last two (m, size)."""

    best: Ids
    cosines: NDArray[np.float32]
    judgements: NDArray[np.float32]  # log-odds by the matcher alone
    log_odds: NDArray[np.float32]  # calibrated
    texts: list[str]
    owner: Ids  # (m,)

    @property
    def matches(self) -> NDArray[np.bool_]:
        """Whether each picture is the one that the text was written for, (m, size)."""
        return self.best == self.owner[:, None]

    def of(self, rows: NDArray[np.bool_]) -> "Shortlists":
        """Return those of some texts."""
        texts = [text for text, kept in zip(self.texts, rows, strict=True) if kept]
        given = (self.best[rows], self.cosines[rows], self.judgements[rows], self.log_odds[rows])
        return Shortlists(*given, texts, self.owner[rows])


class Subject:
    """The bundled encoder and matcher, and what they are measured on."""

    def __init__(self, data: Path, sizes: Sizes, progress: Callable[[Progress], None]) -> None:
        self.data, self.sizes, self.progress = data, sizes, progress
        self.encoder = open_folder(BUNDLED_ENCODER, name="bundled", device="cpu")
        self.matcher = open_matcher(BUNDLED_RERANKER, BUNDLED_ENCODER, name="bundled", device="cpu")
        self._lists: dict[tuple[str, str], Shortlists] = {}
        self.alone = uncalibrated(self.matcher)

    @cached_property
    def dev(self) -> list[DevSet]:
        """The dev sets, as many pictures of each as are measured."""
        sets = read_dev_sets(self.data, read_config(BUNDLED_CONFIG).datasets)
        return [replace(each, pictures=each.pictures[: self.sizes.pictures]) for each in sets]

    @cached_property
    def photos(self) -> list[Gallery]:
        """The dev sets; only captions that the matcher was not calibrated on ask."""
        found = []
        for dev in self.dev:
            pictures = dev.pictures
            tokens = self._looked_at(dev.name, [each.path for each in pictures])
            captions = {language: self._asking(pictures, language) for language in LANGUAGES}
            vectors = tokens.vectors.astype(np.float32)
            found.append(Gallery(dev.name, vectors, tokens, captions, pictures=pictures))
        return found

    @cached_property
    def bundled(self) -> Gallery:
        """The pictures that come with mmsearch; none of their captions asks."""
        pictures = read_pictures(ROOT / "data", _BUNDLED, ())
        tokens = self._looked_at(_BUNDLED.name, [each.path for each in pictures])
        return Gallery(_BUNDLED.name, tokens.vectors.astype(np.float32), tokens, {}, pictures=pictures)

    @cached_property
    def scenes(self) -> Gallery:
        """Drawn scenes, each asked for by captions of three lengths in turn."""
        details = (Detail.FULL, Detail.SOME, Detail.SHORT)
        scenes = list(SceneGenerator(224, SEED, details=details).scenes(self.sizes.scenes))
        tokens = self.matcher.prepare([scene.picture for scene in scenes])
        captions = {
            language: [(scene.captions[language][row % len(details)], row) for row, scene in enumerate(scenes)]
            for language in LANGUAGES
        }
        return Gallery("scenes", tokens.vectors.astype(np.float32), tokens, captions, scenes=scenes)

    @cached_property
    def mixed(self) -> MixedCollection:
        """Dev pictures and drawn scenes side by side, asked by what the matcher was not calibrated on."""
        return MixedCollection(self.encoder, self.alone, self.dev, SEED, held_out=True)

    def shortlists(self, gallery: Gallery, language: str) -> Shortlists:
        """Find and judge the best pictures of each caption, once."""
        key = gallery.name, language
        if key not in self._lists:
            self._lists[key] = self.without(gallery, language)
        return self._lists[key]

    def without(self, gallery: Gallery, language: str, gone: NDArray[np.bool_] | None = None) -> Shortlists:
        """Find and judge the best pictures of each caption that are there.

        Args:
            gallery: Where.
            language: Of the captions.
            gone: (m, n), pictures that are not there for a caption; None if all are.
        """
        texts = [text for text, _ in gallery.captions[language]]
        asked = wanted_vectors(self.encoder, texts)
        best = encoder_best(asked, gallery.vectors, SHORTLIST, gone)
        cosines = np.einsum("md,msd->ms", asked, gallery.vectors[best])
        judgements = self.judge(self.alone, gallery, texts, best)
        vectors = gallery.tokens.vectors[best.ravel()]
        repeated = [text for text in texts for _ in range(best.shape[1])]
        log_odds = self.matcher.calibration.log_odds(repeated, judgements.ravel(), cosines.ravel(), vectors)
        owner = np.array([row for _, row in gallery.captions[language]], np.int64)
        return Shortlists(best, cosines, judgements, log_odds.reshape(best.shape), texts, owner)

    def judge(self, matcher: NetworkMatcher, gallery: Gallery, texts: Sequence[str], best: Ids) -> NDArray[np.float32]:
        """Return what a matcher says of each text and its pictures, (m, size)."""
        scores = np.empty(best.shape, np.float32)
        for row, text in enumerate(texts):
            scores[row] = matcher.score([text] * best.shape[1], gallery.tokens[best[row]])
            self.progress(Progress("judging", row + 1, len(texts), skipped=0, rate=0.0, seconds_left=None))
        return scores

    def _asking(self, pictures: Sequence[CaptionedPicture], language: str) -> list[tuple[str, int]]:
        told = [
            (text, row)
            for row, picture in enumerate(pictures)
            if not calibrates(row)
            for text in picture.in_language(language)
        ]
        lot = np.sort(np.random.default_rng(SEED).permutation(len(told))[: self.sizes.captions])
        return [told[at] for at in lot]

    def _looked_at(self, name: str, paths: Sequence[Path]) -> PictureTokens:
        parts, step = [], 64
        for start in range(0, len(paths), step):
            some = [open_reduced(path, self.matcher.image_side) for path in paths[start : start + step]]
            parts.append(self.matcher.prepare(some))
            self.progress(Progress(name, start + len(some), len(paths), skipped=0, rate=0.0, seconds_left=None))
        return PictureTokens.joined(parts)
