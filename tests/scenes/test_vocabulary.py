import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mmsearch.errors import BadInput
from mmsearch.scenes import vocabulary
from mmsearch.scenes.colours import COLOURS, clearly_different, recoloured, tones
from mmsearch.scenes.packing import pack
from mmsearch.scenes.shapes import SHAPES, draw_shape
from mmsearch.scenes.sprites import SHEET, sprite_sheet
from mmsearch.scenes.vocabulary import ASSETS, FRAME, confusable

FONT = Path("/usr/share/fonts/truetype/noto/NotoColorEmoji.ttf")
THINGS = tuple(vocabulary().values())


def test_holds_a_world_of_things() -> None:
    assert 550 <= len(THINGS) <= 900
    assert len({thing.category for thing in THINGS}) >= 20


@pytest.mark.parametrize("field", ["name", "many", "sprite"])
def test_no_two_things_share_a_name_or_a_picture(field: str) -> None:
    names = [getattr(thing, field) for thing in THINGS if getattr(thing, field)]

    assert len(set(names)) == len(names)


def test_no_two_things_share_a_chinese_name_with_its_measure_word() -> None:
    assert len({(thing.measure, thing.zh) for thing in THINGS}) == len(THINGS)


def test_names_are_clean() -> None:
    assert all(re.fullmatch(r"[A-Za-z][A-Za-z'\- ]+", words) for thing in THINGS for words in (thing.name, thing.many))
    assert all(re.fullmatch(r"[\u4e00-\u9fffTDNA]+", thing.zh) for thing in THINGS)
    assert all(re.fullmatch(r"[\u4e00-\u9fff]", thing.measure) for thing in THINGS)


def test_kin_are_things() -> None:
    assert all(thing.kin <= vocabulary().keys() for thing in THINGS)


def test_a_duck_could_be_called_a_bird_but_not_an_eagle() -> None:
    things = vocabulary()

    assert confusable(things["bird"], things["duck"])
    assert confusable(things["duck"], things["bird"])
    assert not confusable(things["duck"], things["eagle"])


def test_every_thing_has_a_picture() -> None:
    sheet = sprite_sheet()

    for thing in THINGS:
        if thing.name != FRAME:
            alpha = np.asarray(sheet.sprite(thing, None, 40, 40))[..., 3]
            assert (alpha > 128).mean() > 0.05, thing.name


def test_what_has_no_emoji_is_drawn() -> None:
    assert {thing.name for thing in THINGS if thing.sprite is None} == {*SHAPES, FRAME}


@pytest.mark.parametrize("colour", COLOURS)
def test_a_recoloured_shape_has_that_colour(colour: str) -> None:
    pixels = np.asarray(recoloured(tones(draw_shape("square")), colour))[64, 64, :3].astype(int)

    assert np.abs(pixels - COLOURS[colour].rgb).max() < 12


def test_greys_stay_when_a_picture_is_recoloured() -> None:
    picture = Image.new("RGBA", (10, 10), (200, 30, 30, 255))
    picture.paste((120, 120, 120, 255), (0, 0, 5, 10))

    done = recoloured(tones(picture), "blue")

    assert done.getpixel((1, 1)) == (120, 120, 120, 255)
    assert done.getpixel((8, 8))[2] > 150


def test_near_colours_are_not_clearly_different() -> None:
    assert clearly_different("red", "blue")
    assert not clearly_different("red", "orange")
    assert all(clearly_different(one, other) == clearly_different(other, one) for one in COLOURS for other in COLOURS)


def test_the_terms_lie_beside_the_pictures() -> None:
    assert "SIL OPEN FONT LICENSE" in (ASSETS / "OFL.txt").read_text(encoding="utf-8")
    assert "UNICODE LICENSE V3" in (ASSETS / "UNICODE-LICENSE.txt").read_text(encoding="utf-8")


def test_says_what_is_wrong_with_a_font(tmp_path: Path) -> None:
    (tmp_path / "no.ttf").write_bytes(b"no font")

    with pytest.raises(BadInput, match=r"no\.ttf is no font"):
        pack(tmp_path / "no.ttf", tmp_path / "out.webp")


@pytest.mark.slow
@pytest.mark.skipif(not FONT.is_file(), reason="Debian's fonts-noto-color-emoji is not installed")
def test_packs_the_sheet_that_is_shipped(tmp_path: Path) -> None:
    made = np.asarray(Image.open(pack(FONT, tmp_path / "out.webp")).convert("RGBA"), np.int16)

    shipped = np.asarray(Image.open(SHEET).convert("RGBA"), np.int16)

    assert made.shape == shipped.shape
    assert np.abs(made - shipped).mean() < 1
