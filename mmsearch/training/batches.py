"""What one step of pretraining sees, drawn from its number alone, so that a stopped run goes on as it would have."""

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.evaluation.phrases import names, phrases_of
from mmsearch.grammar import language_of
from mmsearch.nets.pictures import squares
from mmsearch.scenes import Detail, FoilKind, Scene, SceneGenerator, say
from mmsearch.scenes.describing import statement_about
from mmsearch.scenes.marking import Mark, marked
from mmsearch.scenes.truth import Box, SceneTruth, Statement, may_show
from mmsearch.training.captions import LANGUAGES, CaptionedPicture
from mmsearch.training.features import digest, replace_file
from mmsearch.training.folders import open_reduced
from mmsearch.types import Vectors

_KEPT = (0.72, 1.0)  # share of each side that a crop of a photograph keeps
_DECODED = 256  # photographs decoded at a time
_ID_BITS = 63
_LIKELIEST = 3  # classes of each picture that a batch draws first
_LEAST_BELIEF = 1e-6


@dataclass(frozen=True)
class Place:
    """Where a picture shows what some words of a caption name."""

    start: int  # of the words, in characters
    end: int
    boxes: tuple[Box, ...]  # in shares of the picture's sides
    related: tuple[Box, ...] = ()  # of the thing that the caption says it is left of, behind and so on


@dataclass(frozen=True)
class Caption:
    """A text of a batch."""

    text: str
    owner: int  # row of the picture that it speaks of
    true: bool = True  # False for a foil
    marks: tuple[tuple[int, int], ...] = ()  # characters of words that the picture decides, such as nouns
    places: tuple[Place, ...] = ()  # of what it names, as far as that is known and in the picture
    others: tuple[int, ...] = ()  # rows of pictures that it may be true of as well, so that they are no negatives


@dataclass(frozen=True)
class ClassBeliefs:
    """What a frozen classifier says about the pictures of a batch.

    Args:
        names: Of C classes, one each.
        beliefs: (B, C) float32, rows summing to one.
    """

    names: tuple[str, ...]
    beliefs: Tensor


@dataclass(frozen=True)
class Batch:
    """Pictures and the texts about them.

    Args:
        pixels: (B, 3, S, S) uint8.
        picture_ids: (B,) int64, equal where the picture is the same.
        captions: T of them; every picture has one that is true.
        classes: None if no classifier has looked at the pictures.
    """

    pixels: Tensor
    picture_ids: Tensor
    captions: tuple[Caption, ...]
    classes: ClassBeliefs | None = None


class BatchSource(Protocol):
    """Draws batches of one kind."""

    name: str

    def batch(self, step: int) -> Batch:
        """Return the batch of a step; equal steps give equal batches."""

    def again(self, step: int) -> int | None:
        """Return the first of the steps that are to see the same batch; None if its batch comes once."""


def text_id(text: str) -> int:
    """Return a number that is equal for equal texts."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest()) >> (64 - _ID_BITS)


@dataclass(frozen=True)
class ClassifiedPictures:
    """What a frozen classifier says about pictures to learn from.

    Args:
        names: Of each class, at least one.
        beliefs: (n, classes), probabilities.
        count: Classes that a batch draws.
    """

    names: Sequence[tuple[str, ...]]
    beliefs: NDArray[np.float16]
    count: int

    def drawn(self, rows: NDArray[np.int64], rng: np.random.Generator) -> ClassBeliefs:
        """Return what it says about some pictures among the likeliest classes of each and others by lot."""
        mine = self.beliefs[rows].astype(np.float32)  # (B, classes)
        likely = dict.fromkeys(np.argsort(-mine, axis=1, kind="stable")[:, :_LIKELIEST].T.ravel().tolist())
        others = dict.fromkeys(rng.permutation(len(self.names)).tolist())
        chosen = list(likely | others)[: self.count]
        among = torch.from_numpy(mine[:, chosen]).clamp(min=_LEAST_BELIEF)
        names = tuple(self.names[each][int(rng.integers(len(self.names[each])))] for each in chosen)
        return ClassBeliefs(names, among / among.sum(1, keepdim=True))


@dataclass(frozen=True)
class LikeGroups:
    """Groups of pictures that resemble each other, so that the negatives of a batch are hard ones.

    Args:
        vectors: (n, dim), unit rows.
        size: Pictures a group.
    """

    vectors: Vectors
    size: int

    def order(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """Return all pictures, group after group: one drawn by lot, and those left that are most like it."""
        left, groups = np.ones(len(self.vectors), np.bool_), []
        for first in rng.permutation(len(self.vectors)):
            if left[first]:
                alike = np.where(left, self.vectors @ self.vectors[first], -np.inf)
                alike[first] = np.inf
                groups.append(np.argsort(-alike, kind="stable")[: min(self.size, int(left.sum()))])
                left[groups[-1]] = False
        return np.concatenate([groups[each] for each in rng.permutation(len(groups))])


class PhotoBatches:
    """Captioned photographs, cropped and flipped at random.

    Args:
        pictures: To learn from.
        side: Pixels of the square that they are resized to.
        size: Pictures a batch.
        seed: Equal seeds give equal batches.
        folder: Keeps the resized pictures from one run to the next.
        classes: What a frozen classifier says about them.
        groups: Puts pictures that resemble each other into one batch; without, chance decides.
        repeat: Batches after which the first comes again, in the same crops and captions; 0: none ever does.
        phrases: Share of the captions instead of which a phrase stands that names something they name.
    """

    name = "photos"

    def __init__(
        self,
        pictures: Sequence[CaptionedPicture],
        side: int,
        size: int,
        seed: int,
        folder: Path,
        classes: ClassifiedPictures | None = None,
        groups: LikeGroups | None = None,
        repeat: int = 0,
        phrases: float = 0.0,
    ) -> None:
        self.repeat, self.phrases = repeat, phrases
        self.pictures, self.size, self.seed, self.classes = pictures, min(size, len(pictures)), seed, classes
        self._groups, self._pixels = groups, stored_pixels([p.path for p in pictures], side, folder)
        self._order: tuple[int, NDArray[np.int64]] = -1, np.empty(0, np.int64)  # number of a round, and its pictures

    def batch(self, step: int) -> Batch:
        """Return the batch of a step: the pictures take turns, in another order each time round."""
        rounds, place = divmod(step, len(self.pictures) // self.size)
        rows = self._in_order(rounds)[place * self.size : (place + 1) * self.size]
        rng = np.random.default_rng([self.seed, rounds, place])
        pixels = torch.from_numpy(self._pixels[rows]).permute(0, 3, 1, 2)
        captions = [
            Caption(str(rng.choice(texts)), owner)
            for owner, row in enumerate(rows)
            for texts in self.pictures[row].texts.values()
            if texts
        ]
        if self.phrases:
            captions = self._shortened(captions, rows, np.random.default_rng([self.seed, rounds, place, 1]))
        beliefs = self.classes.drawn(rows, rng) if self.classes else None
        return Batch(_varied(pixels, rng), torch.from_numpy(rows), tuple(captions), beliefs)

    def again(self, step: int) -> int | None:
        """Return the first of the steps that see the same batch; None if it comes once."""
        return step % self.repeat if self.repeat else None

    def _shortened(
        self, captions: Sequence[Caption], rows: NDArray[np.int64], rng: np.random.Generator
    ) -> list[Caption]:
        """Put phrases in place of some captions."""
        return [self._phrase(each, rows, rng) if rng.random() < self.phrases else each for each in captions]

    def _phrase(self, caption: Caption, rows: NDArray[np.int64], rng: np.random.Generator) -> Caption:
        """Return a phrase that names something of a caption's picture; the caption where there is none."""
        language = language_of(caption.text)
        told = [self.pictures[row].in_language(language) for row in rows]
        phrases = phrases_of(told[caption.owner])
        if not phrases:
            return caption
        phrase = phrases[int(rng.integers(len(phrases)))]
        others = tuple(row for row, captions in enumerate(told) if row != caption.owner and names(captions, phrase))
        return Caption(phrase, caption.owner, others=others)

    def _in_order(self, rounds: int) -> NDArray[np.int64]:
        """Return the pictures in the order of a round; that of the last one asked for is kept."""
        last, order = self._order
        if last != rounds:
            rng = np.random.default_rng([self.seed, rounds])
            order = self._groups.order(rng) if self._groups else rng.permutation(len(self.pictures))
            self._order = rounds, order
        return order


def stored_pixels(paths: Sequence[Path], side: int, folder: Path) -> NDArray[np.uint8]:
    """Return photographs as squares, (n, side, side, 3), from a file that is made the first time."""
    path = folder / f"photos-{digest([str(side), *map(str, paths)])}.npy"
    if not path.exists():
        replace_file(path, lambda part: _write_pixels(part, paths, side))
    pixels: NDArray[np.uint8] = np.load(path, mmap_mode="r")
    return pixels


def _write_pixels(path: Path, paths: Sequence[Path], side: int) -> None:
    """Decode photographs into one array on disk, (n, side, side, 3) uint8."""
    with path.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (len(paths), side, side, 3)}
        np.lib.format.write_array_header_1_0(file, header)
        for start in range(0, len(paths), _DECODED):
            images = [open_reduced(each, side) for each in paths[start : start + _DECODED]]
            file.write(squares(images, side).permute(0, 2, 3, 1).contiguous().numpy().tobytes())


def _varied(pixels: Tensor, rng: np.random.Generator) -> Tensor:
    """Crop and flip each picture by lot, (B, 3, S, S) uint8, in channels-last memory."""
    side, result = pixels.shape[-1], []
    for picture in pixels:
        high, wide = (round(side * rng.uniform(*_KEPT)) for _ in range(2))
        top, left = int(rng.integers(side - high + 1)), int(rng.integers(side - wide + 1))
        cut = picture[None, :, top : top + high, left : left + wide].float()
        varied = F.interpolate(cut, (side, side), mode="bilinear", align_corners=False).round().to(torch.uint8)
        result.append(varied.flip(3) if rng.random() < 0.5 else varied)
    return torch.cat(result).contiguous(memory_format=torch.channels_last)


@dataclass(frozen=True)
class Lesson:
    """What scenes teach for a while.

    Args:
        kinds: Of their foils, in turn; one that stands twice is shown twice as often.
        batches: How many; the last lesson goes on.
    """

    kinds: tuple[FoilKind, ...] = tuple(FoilKind)
    batches: int = 0


class SceneBatches:
    """Drawn scenes with captions and foils.

    Args:
        generators: Draw the scenes, turn by turn, in whatever sizes they do.
        size: Scenes a batch.
        foils: Pairs of a true caption and a foil for each scene.
        repeat: Batches of the last lesson after which its first comes again; 0: every scene is new.
        lessons: At least one.
        queries: Share of the scenes that are told about as briefly as one would type, not by a caption.
    """

    name = "scenes"

    def __init__(
        self,
        generators: Sequence[SceneGenerator],
        size: int,
        foils: int,
        repeat: int = 0,
        lessons: Sequence[Lesson] = (Lesson(),),
        queries: float = 0.0,
    ) -> None:
        self.generators, self.size, self.foils, self.repeat = generators, size, foils, repeat
        self.lessons, self.queries = lessons, queries

    def again(self, step: int) -> int | None:
        """Return the first of the steps that see the same batch; None if it comes once."""
        before = sum(lesson.batches for lesson in self.lessons[:-1])
        return before + (step - before) % self.repeat if self.repeat and step >= before else None

    def _kinds(self, step: int) -> tuple[FoilKind, ...]:
        for lesson in self.lessons[:-1]:
            if step < lesson.batches:
                return lesson.kinds
            step -= lesson.batches
        return self.lessons[-1].kinds

    def batch(self, step: int) -> Batch:
        """Return the batch of a step; a scene's kind of foil takes turns."""
        kinds, first, generator = self._kinds(step), step * self.size, self.generators[step % len(self.generators)]
        captions, numbers = list[Caption](), range(first, first + self.size)
        scenes = [generator.scene(index, kind=kinds[index % len(kinds)]) for index in numbers]
        for owner, index in enumerate(numbers):
            kind = kinds[index % len(kinds)]
            rng = np.random.default_rng([generator.seed, index, len(FoilKind)])
            others = dict.fromkeys(kinds[other] for other in rng.permutation(len(kinds)) if kinds[other] is not kind)
            captions += self._told(owner, scenes, rng)
            captions += self._foiled(owner, scenes[owner], rng, generator, (kind, *others))
        pixels = squares([scene.picture for scene in scenes], generator.side)
        return Batch(pixels, torch.arange(first, first + self.size), tuple(captions))

    def _told(self, owner: int, scenes: Sequence[Scene], rng: np.random.Generator) -> list[Caption]:
        """Return a caption or a query in a language drawn by lot."""
        scene = scenes[owner]
        which, language = int(rng.integers(len(scene.statements))), LANGUAGES[int(rng.integers(len(LANGUAGES)))]
        statement, text = scene.statements[which], scene.captions[language][which]
        others: tuple[int, ...] = ()
        if self.queries and rng.random() < self.queries:
            statement = statement_about(scene.truth, rng, Detail.QUERY)
            text = say(statement, language)
            others = tuple(row for row, one in enumerate(scenes) if row != owner and may_show(one.truth, statement))
        marks = marked(text, statement, language)
        places = _places(scene.truth, statement, marks)
        return [Caption(text, owner, True, tuple((mark.start, mark.end) for mark in marks), places, others)]

    def _foiled(
        self, owner: int, scene: Scene, rng: np.random.Generator, generator: SceneGenerator, kinds: Sequence[FoilKind]
    ) -> list[Caption]:
        """Return true captions with their foils: of the kind that the scene was drawn for, and of others it offers."""
        chosen = [kinds[0], *(kind for kind in kinds[1:] if generator.offers(scene, kind))][: self.foils]
        captions = []
        for kind in chosen:
            language = LANGUAGES[int(rng.integers(len(LANGUAGES)))]
            foil = generator.foil(scene, kind, language)
            for text, statement, true in ((foil.caption, foil.true, True), (foil.foil, foil.false, False)):
                places = _places(scene.truth, statement, marked(text, statement, language))
                captions.append(Caption(text, owner, true, places=places))
        return captions


def _places(truth: SceneTruth, statement: Statement, marks: Sequence[Mark]) -> tuple[Place, ...]:
    """Return where the scene shows what the marked words name or colour, for all that it does show."""
    boxes = {group.thing: group.boxes for group in truth.groups}
    one, other = ([mention.thing for mention in statement.mentions] if statement.relation else ["", ""])[:2]
    partner = {one: other, other: one}
    return tuple(
        Place(mark.start, mark.end, boxes[mark.thing], boxes.get(partner.get(mark.thing, ""), ()))
        for mark in marks
        if mark.thing in boxes
    )
