"""Draws what the compositional suite asks: pictures of known content, each with a true and a false caption."""

from collections.abc import Iterator
from dataclasses import dataclass

from PIL import Image

from mmsearch.errors import BadInput
from mmsearch.scenes import Allow, FoilKind, SceneGenerator, standard_held_out
from mmsearch.scenes.describing import LANGUAGES

SEED = 710_077  # far from the small seeds that trainings use; the same cases for everybody
UNSEEN = 1  # added to the seed for scenes that are not those of the pairs
SIDE = 224  # pixels
SPLITS = (Allow.SEEN, Allow.HELD_OUT)
_ATTEMPTS = 100  # scenes drawn anew before unique captions are given up


@dataclass(frozen=True, slots=True)
class ComposeCase:
    """A picture with a true and a false caption in each language, which differ in one kind of thing."""

    picture: Image.Image
    kind: FoilKind
    split: Allow  # whether the captions speak of anything that the standard split holds out
    pairs: dict[str, tuple[str, str]]  # language -> (true caption, foil)


def compose_cases(count: int, seed: int = SEED, side: int = SIDE) -> Iterator[ComposeCase]:
    """Yield `count` cases for each kind of foil and each split; no true caption is given twice.

    The first cases of a larger suite are those of a smaller one.

    Args:
        count: Scenes for each kind and split; kinds and splits take turns.
        seed: Equal seeds give equal cases.
        side: Width and height of the pictures in pixels.

    Raises:
        BadInput: If there is nothing to draw, or captions cannot be kept from repeating.
    """
    if count < 1:
        raise BadInput(f"The suite needs at least one scene of each kind; got {count}.")
    kinds, held_out = tuple(FoilKind), standard_held_out()
    generators = {split: SceneGenerator(side, seed, held_out, split) for split in SPLITS}
    given: set[str] = set()
    for index in range(count * len(kinds)):
        for split, generator in generators.items():
            case = _unique_case(generator, index, kinds[index % len(kinds)], split, given)
            given.update(caption for caption, _ in case.pairs.values())
            yield case


def _unique_case(generator: SceneGenerator, index: int, kind: FoilKind, split: Allow, given: set[str]) -> ComposeCase:
    for attempt in range(_ATTEMPTS):
        scene = generator.scene(index, attempt, kind)
        foils = {language: generator.foil(scene, kind, language) for language in LANGUAGES}
        pairs = {language: (foil.caption, foil.foil) for language, foil in foils.items()}
        if given.isdisjoint(caption for caption, _ in pairs.values()):
            return ComposeCase(scene.picture, kind, split, pairs)
    raise BadInput(f"Scene {index} found no caption of kind {kind} that was not given before; ask for fewer scenes.")
