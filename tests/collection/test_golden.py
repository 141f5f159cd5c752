"""Pictures of every kind, as committed bytes, and what is to be seen in them."""

import numpy as np
import pytest

from mmsearch.collection import Reason, inspect_picture, load_picture, parse_reason
from mmsearch.errors import BadPicture
from tests.collection.drawing import BLUE, GREEN, RED, WHITE, corners
from tests.collection.golden_files import FOLDER, P3_COLOURS, P3_PRIMARIES, SRGB_PRIMARIES, golden

BLACK, PALE_BLUE = (0, 0, 0), (127, 127, 255)
QUARTERS = (RED, GREEN, BLUE, WHITE)
GREYS = tuple((value,) * 3 for value in (0, 85, 170, 255))
# EXIF 2.32, tag 274: where the first row and column of the stored pixels belong.
UPRIGHT = {
    1: (RED, GREEN, BLUE, WHITE),
    2: (GREEN, RED, WHITE, BLUE),
    3: (WHITE, BLUE, GREEN, RED),
    4: (BLUE, WHITE, RED, GREEN),
    5: (RED, BLUE, GREEN, WHITE),
    6: (BLUE, RED, WHITE, GREEN),
    7: (WHITE, GREEN, BLUE, RED),
    8: (GREEN, WHITE, RED, BLUE),
}


def in_srgb(colour):
    """What a Display P3 colour of gamma 2.2 is in sRGB (IEC 61966-2-1), by the definition."""
    to_xyz, from_xyz = np.array(P3_PRIMARIES).T, np.linalg.inv(np.array(SRGB_PRIMARIES).T)
    linear = (from_xyz @ to_xyz @ (np.array(colour) / 255) ** 2.2).clip(0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return tuple(np.rint(255 * curved).astype(int))


SEEN = {  # name -> the colours near the four corners
    "one-bit.png": (WHITE, BLACK, BLACK, WHITE),
    "palette-transparent.png": (RED, GREEN, PALE_BLUE, WHITE),
    "rgba.png": (RED, GREEN, PALE_BLUE, WHITE),
    "grey-16.png": GREYS,
    "grey-alpha.png": (BLACK, BLACK, (127,) * 3, WHITE),
    "grey.jpg": ((76,) * 3, (150,) * 3, (29,) * 3, WHITE),  # ITU-R BT.601: .299 R + .587 G + .114 B
    "float.tif": (BLACK, (128,) * 3, (128,) * 3, WHITE),  # -1, 0, not a number, 1: stretched
    "exif-behind.png": UPRIGHT[6],
    "profile.jpg": (GREEN, RED, BLUE, WHITE),  # in this profile red and green are exchanged
    "display-p3.png": tuple(map(in_srgb, P3_COLOURS)),
    **{f"orientation-{number}.jpg": colours for number, colours in UPRIGHT.items()},
    **dict.fromkeys(
        (
            *("baseline.jpg", "progressive.jpg", "cmyk.jpg", "ycck.jpg", "several.jpg", "srgb.jpg", "palette.png"),
            *("rgb-16.png", "interlaced.png", "damaged-profile.png", "rgb-16.tif", "cmyk.tif", "lab.tif", "pages.tif"),
            *("cyclic.tif", "deflated.tif", "animated.gif", "animated.webp", "animated.png", "lossy.webp"),
            *("lossless.webp", "alpha.webp", "plain.bmp", "plain.avif", "png-called.jpg"),
        ),
        QUARTERS,
    ),
}
THIN = {"one-pixel.png": ((1, 1), RED), "tall.png": ((1, 30_000), GREEN)}
REFUSED = {
    "huge.png": Reason.TOO_LARGE,
    "html-called.png": Reason.NO_PICTURE,
    "postscript-called.jpg": Reason.NO_PICTURE,  # which Pillow would hand to Ghostscript
    "empty.jpg": Reason.EMPTY,
}
TOLERANCE = {"lab.tif": 24, "display-p3.png": 4}  # of a channel; L*a*b* has 8 bits here, and clips to sRGB
CUT = ("baseline.jpg", "progressive.jpg", "rgb-16.tif", "cmyk.tif", "float.tif", "plain.bmp")


def load(name):
    return load_picture((FOLDER / name).read_bytes(), side=100, max_pixels=10_000_000, max_seconds=20)


def test_every_golden_file_is_expected_to_be_something():
    assert sorted(file.name for file in FOLDER.iterdir()) == sorted([*SEEN, *THIN, *REFUSED])
    assert golden().keys() == SEEN.keys() | THIN.keys() | REFUSED.keys()


@pytest.mark.parametrize("name", SEEN)
def test_golden_pictures_come_out_right(name):
    picture = load(name)

    assert picture.image.mode == "RGB"
    assert (picture.width, picture.height) == picture.image.size
    assert np.abs(np.subtract(corners(picture.image), SEEN[name])).max() <= TOLERANCE.get(name, 2)


@pytest.mark.parametrize("name", THIN)
def test_golden_pictures_of_absurd_shape_come_out_right(name):
    size, colour = THIN[name]

    picture = load(name)

    assert (picture.width, picture.height) == size
    assert picture.image.getpixel((0, 0)) == picture.image.getpixel((0, picture.image.height - 1)) == colour


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_shown_is_refused_with_a_reason(name):
    with pytest.raises(BadPicture) as caught:
        load(name)

    assert parse_reason(str(caught.value))[0] is REFUSED[name]


@pytest.mark.parametrize("name", CUT)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_cut_picture_is_refused_with_a_reason(name, share):
    data = (FOLDER / name).read_bytes()

    with pytest.raises(BadPicture) as caught:
        load_picture(data[: int(len(data) * share)], side=100, max_pixels=10_000_000)

    assert parse_reason(str(caught.value))[0] is Reason.DAMAGED


@pytest.mark.parametrize("name", SEEN)
def test_inspecting_golden_pictures_agrees_with_loading_them(name):
    facts, picture = inspect_picture((FOLDER / name).read_bytes(), max_pixels=10_000_000), load(name)

    assert (facts.width, facts.height) == (picture.width, picture.height)
