"""The pictures of things, cut from one file and kept at the sizes that were asked for."""

from functools import lru_cache

from PIL import Image

from mmsearch.scenes.colours import Tones, recoloured, tones
from mmsearch.scenes.shapes import draw_shape
from mmsearch.scenes.vocabulary import ASSETS, Thing, vocabulary

CELL = (136, 128)  # pixels of one sprite in the sheet, as the font has it
COLUMNS = 28
SHEET = ASSETS / "sprites.webp"
_FAINT = 24  # alpha up to this does not count as part of the thing
_KEPT = 4096  # finished sprites kept; about 40 MB at 224 px


class SpriteSheet:
    """Gives the picture of a thing in any size and colour. Open it once and keep it."""

    def __init__(self) -> None:
        with Image.open(SHEET) as sheet:
            self._sheet = sheet.convert("RGBA")
        drawn = [thing for thing in vocabulary().values() if thing.sprite]
        self._cells = {thing.name: at for at, thing in enumerate(drawn)}
        self._whole: dict[str, Image.Image] = {}
        self._tones: dict[str, Tones] = {}
        self._painted: dict[tuple[str, str], Image.Image] = {}  # fewer than a thousand, 40 MB in all
        self._sized = lru_cache(maxsize=_KEPT)(self._make)

    def sprite(self, thing: Thing, colour: str | None, width: int, height: int) -> Image.Image:
        """Return the thing, RGBA, filling width x height pixels, in its own colour or another. Do not draw on it."""
        return self._sized(thing, colour, width, height)

    def aspect(self, thing: Thing) -> float:
        """Return width / height of what is seen of the thing."""
        whole = self._trimmed(thing)
        return whole.width / whole.height

    def _make(self, thing: Thing, colour: str | None, width: int, height: int) -> Image.Image:
        whole = self._in_colour(thing, colour) if colour else self._trimmed(thing)
        return whole.resize((width, height), Image.Resampling.BICUBIC, reducing_gap=1.5)

    def _in_colour(self, thing: Thing, colour: str) -> Image.Image:
        if thing.name not in self._tones:
            self._tones[thing.name] = tones(self._trimmed(thing))
        if (thing.name, colour) not in self._painted:
            self._painted[thing.name, colour] = recoloured(self._tones[thing.name], colour)
        return self._painted[thing.name, colour]

    def _trimmed(self, thing: Thing) -> Image.Image:
        """Return the thing at its full size without the emptiness around it."""
        if thing.name not in self._whole:
            whole = self._cell(self._cells[thing.name]) if thing.sprite else draw_shape(thing.name)
            seen = whole.getchannel("A").point([0] * _FAINT + [255] * (256 - _FAINT)).getbbox()
            self._whole[thing.name] = whole.crop(seen)
        return self._whole[thing.name]

    def _cell(self, at: int) -> Image.Image:
        width, height = CELL
        x, y = at % COLUMNS * width, at // COLUMNS * height
        return self._sheet.crop((x, y, x + width, y + height))


@lru_cache(maxsize=1)
def sprite_sheet() -> SpriteSheet:
    """Return the sheet that comes with the package; decoding it takes a moment, so it is kept."""
    return SpriteSheet()
