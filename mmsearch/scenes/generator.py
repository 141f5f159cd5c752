"""Draws scenes from a seed: picture, truth, captions in both languages, and foils."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mmsearch.errors import BadInput
from mmsearch.scenes.describing import LANGUAGES, Detail, random_style, say, statement_about
from mmsearch.scenes.foils import Contrast, Foil, FoilKind, contrast
from mmsearch.scenes.held_out import Allow, HeldOut
from mmsearch.scenes.painting import paint
from mmsearch.scenes.planning import KINDS, choices, plan
from mmsearch.scenes.sprites import sprite_sheet
from mmsearch.scenes.truth import SceneTruth, Statement

SIDE = 224  # pixels, what image towers usually read
DETAILS = (Detail.SHORT, Detail.SOME, Detail.FULL)
_TRIES = 400  # plans drawn before a wish is called impossible
_REWORDED = 6  # other captions of the same scene that are tried before another scene is drawn
_DRAWS = 6  # foils drawn for a scene before it is said to offer none
_FOILS = 7_919  # keeps the lots of foils apart from those of scenes


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, everything that is in it, and captions of it that are true."""

    index: int
    picture: Image.Image  # RGB, square
    truth: SceneTruth
    statements: tuple[Statement, ...]  # what the captions claim, one for each
    captions: dict[str, tuple[str, ...]]  # language -> captions, in the order of the statements


class SceneGenerator:
    """Draws scene i from (seed, i) alone, so that several processes can share the work.

    Args:
        side: Width and height of the pictures in pixels.
        seed: Equal seeds give equal scenes, byte by byte.
        held_out: What to keep back; nothing if None.
        allow: Whether what is held out may, must or must not be in a scene.
        details: How much each caption of a scene tells.
        kinds: How many kinds of thing a scene has; one is drawn from this list.

    Raises:
        BadInput: If the side is too small to show anything, or a scene can have no such number of kinds.
    """

    def __init__(
        self,
        side: int = SIDE,
        seed: int = 0,
        held_out: HeldOut | None = None,
        allow: Allow = Allow.ALL,
        details: tuple[Detail, ...] = DETAILS,
        kinds: tuple[int, ...] = KINDS,
    ) -> None:
        if side < 32:
            raise BadInput(f"A scene of {side} pixels would show nothing. Choose a side of at least 32.")
        if not kinds or not set(kinds) <= {1, 2, 3, 4}:
            raise BadInput(f"A scene has one to four kinds of thing, not {kinds}.")
        self.side, self.seed, self.details = side, seed, details
        self._held_out, self._allow = held_out or HeldOut(), allow
        self._sheet = sprite_sheet()
        self._choices = choices(self._held_out.objects if allow is Allow.SEEN else frozenset(), kinds)

    def scene(self, index: int, attempt: int = 0, kind: FoilKind | None = None) -> Scene:
        """Return scene number `index`.

        Args:
            index: From 0.
            attempt: Another one instead, where the first will not do.
            kind: Draw a scene that can be foiled in this way.

        Raises:
            BadInput: If no scene can be found that shows what was asked for.
        """
        rng = np.random.default_rng([self.seed, index, attempt])
        return self._finished(index, self._plan(index, rng, kind), rng)

    def scenes(self, count: int, start: int = 0) -> Iterator[Scene]:
        """Yield scenes start to start + count - 1; no caption is given twice, in neither language.

        Where a caption was given before, the scene is worded anew, then drawn anew.
        """
        given: set[str] = set()
        for index in range(start, start + count):
            scene = next(
                each for attempt in range(_TRIES) if (each := self._unless_given(index, attempt, given)) is not None
            )
            given.update(caption for captions in scene.captions.values() for caption in captions)
            yield scene

    def foil(self, scene: Scene, kind: FoilKind, language: str) -> Foil:
        """Return a true caption of the scene and a false one, which differ in `kind` alone.

        Raises:
            BadInput: If the scene offers none; `scene(i, kind=kind)` draws one that does.
            UnknownName: If there are no words for that language.
        """
        rng = self._lots_of_foils(scene.index, kind)
        pair = self._contrast(scene.truth, kind, rng)
        if pair is None:
            raise BadInput(f"Scene {scene.index} cannot be foiled by {kind}: ask for scene(i, kind={str(kind)!r}).")
        style = random_style(rng)
        words = say(pair.true, language, style), say(pair.false, language, style)
        return Foil(kind, *words, pair.true, pair.false)

    def offers(self, scene: Scene, kind: FoilKind) -> bool:
        """Return whether the scene can be foiled in this way."""
        return self._offered(scene.truth, scene.index, kind)

    def _offered(self, truth: SceneTruth, index: int, kind: FoilKind) -> bool:
        return self._contrast(truth, kind, self._lots_of_foils(index, kind)) is not None

    def _lots_of_foils(self, index: int, kind: FoilKind) -> np.random.Generator:
        return np.random.default_rng([self.seed, index, _FOILS, list(FoilKind).index(kind)])

    def _contrast(self, truth: SceneTruth, kind: FoilKind, rng: np.random.Generator) -> Contrast | None:
        drawn = (contrast(truth, kind, self._choices.things, rng, self._fit) for _ in range(_DRAWS))
        return next((pair for pair in drawn if pair is not None), None)

    def _fit(self, true: Statement, false: Statement) -> bool:
        """Return whether a pair speaks of what is held out just where it should."""
        if self._allow is Allow.ALL:
            return True
        speaks = self._held_out.in_statement(true) or self._held_out.in_statement(false)
        return speaks == (self._allow is Allow.HELD_OUT)

    def _plan(self, index: int, rng: np.random.Generator, kind: FoilKind | None) -> SceneTruth:
        for _ in range(_TRIES):
            truth = plan(self._choices, self._sheet, rng)
            if self._allowed(truth) and (kind is None or self._offered(truth, index, kind)):
                return truth
        raise BadInput(f"No scene with {self._allow} things was found that can be foiled by {kind}.")

    def _allowed(self, truth: SceneTruth) -> bool:
        return self._allow is Allow.ALL or self._held_out.in_scene(truth) == (self._allow is Allow.HELD_OUT)

    def _finished(self, index: int, truth: SceneTruth, rng: np.random.Generator) -> Scene:
        picture = paint(truth, self.side, self._sheet, rng)
        return _worded(index, picture, truth, self.details, rng)

    def _unless_given(self, index: int, attempt: int, given: set[str]) -> Scene | None:
        """Return a scene of which no caption was given before; None if it cannot be worded so."""
        scene = self.scene(index, attempt)
        rng = np.random.default_rng([self.seed, index, attempt, _REWORDED])
        for _ in range(_REWORDED):
            captions = [caption for each in scene.captions.values() for caption in each]
            if len(set(captions)) == len(captions) and given.isdisjoint(captions):
                return scene
            scene = _worded(index, scene.picture, scene.truth, self.details, rng)
        return None


def _worded(
    index: int, picture: Image.Image, truth: SceneTruth, details: tuple[Detail, ...], rng: np.random.Generator
) -> Scene:
    """Return the scene with captions drawn by lot; both languages claim the same."""
    statements = tuple(statement_about(truth, rng, detail) for detail in details)
    styles = [random_style(rng, detail) for detail in details]
    captions = {
        language: tuple(say(each, language, style) for each, style in zip(statements, styles, strict=True))
        for language in LANGUAGES
    }
    return Scene(index, picture, truth, statements, captions)
