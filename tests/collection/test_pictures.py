import contextlib
import io
import threading
import tracemalloc
import warnings

import numpy as np
import pytest
from PIL import Image

from mmsearch.collection import inspect_picture, load_picture
from mmsearch.errors import BadPicture
from tests.collection.drawing import BLUE, GREEN, RED, WHITE, corners, encoded, huge_png, quarters

MANY = 10_000_000


def load(data, side=16, max_pixels=MANY):
    return load_picture(data, side=side, max_pixels=max_pixels)


def near(image, expected, by=6):
    return all(
        abs(a - b) <= by
        for pixel, wanted in zip(corners(image), expected, strict=True)
        for a, b in zip(pixel, wanted, strict=True)
    )


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
def test_reads_every_format(form):
    picture = load(encoded(quarters(), form))

    assert picture.image.mode == "RGB"
    assert (picture.width, picture.height) == (64, 48)
    assert near(picture.image, [RED, GREEN, BLUE, WHITE], by=60)


def test_refuses_no_bytes():
    with pytest.raises(BadPicture, match=r"is empty \(0 bytes\)"):
        load(b"")


def test_refuses_text_called_jpg_and_shows_its_beginning():
    with pytest.raises(BadPicture, match=r"is not a picture that can be read \(starts with '<html><body>'\)"):
        load(b"<html><body>not found</body></html>")


def test_shows_the_beginning_of_other_data_in_hexadecimal():
    with pytest.raises(BadPicture, match="starts with 00 01 ff"):
        load(b"\x00\x01\xff")


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "AVIF"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_refuses_a_truncated_picture(form, share):
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 255, (48, 64, 3), dtype=np.uint8))
    data = encoded(noise, form)

    with pytest.raises(BadPicture, match="damaged or cut short"):
        load(data[: int(len(data) * share)])


def test_a_wrong_extension_does_not_matter_as_only_the_bytes_count():
    assert near(load(encoded(quarters(), "PNG")).image, [RED, GREEN, BLUE, WHITE])


def test_never_fails_but_with_its_own_error_on_damaged_bytes():
    random = np.random.default_rng(7)
    for form in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"):
        whole = encoded(quarters(), form)
        for _ in range(60):
            data = bytearray(whole)
            for place in random.integers(0, len(data), 5):
                data[place] = random.integers(0, 256)
            with contextlib.suppress(BadPicture):
                assert load(bytes(data)).image.mode == "RGB"


def test_refuses_too_many_pixels_from_the_header_alone():
    data = huge_png(30_000, 30_000)
    tracemalloc.start()

    with pytest.raises(BadPicture, match=r"too large \(30000 × 30000 pixels; at most 10,000,000"):
        load(data)

    assert tracemalloc.get_traced_memory()[1] < 10_000_000
    tracemalloc.stop()


def test_the_limit_is_its_own_and_not_pillows(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)

    assert load(encoded(quarters())).width == 64


@pytest.mark.parametrize(("width", "height"), [(1, 20_000), (20_000, 1), (1, 1)])
def test_an_absurd_shape_stays_small_and_whole(width, height):
    picture = load(encoded(Image.new("RGB", (width, height), GREEN)))

    assert (picture.width, picture.height) == (width, height)
    assert max(picture.image.size) <= 16 * 16
    assert picture.image.getpixel((0, 0)) == GREEN


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("size", [(640, 480), (480, 640), (333, 1000), (1001, 999), (37, 35)])
@pytest.mark.parametrize("side", [16, 100, 260])
def test_keeps_the_shorter_side_as_long_as_asked_for(form, size, side):
    picture = load(encoded(quarters(*size), form), side=side)

    assert (picture.width, picture.height) == size
    assert min(picture.image.size) >= min(side, min(size))
    assert min(picture.image.size) < max(4 * side, 1 + min(size) // 8)
    assert near(picture.image, [RED, GREEN, BLUE, WHITE], by=8)


def test_decodes_a_large_jpeg_at_a_fraction():
    picture = load(encoded(quarters(1600, 1200), "JPEG"), side=150)

    assert picture.image.size == (200, 150)


# EXIF 2.32, tag 274: where the first row and column of the stored pixels belong.
@pytest.mark.parametrize(
    ("orientation", "expected"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (4, [BLUE, WHITE, RED, GREEN]),
        (5, [RED, BLUE, GREEN, WHITE]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (7, [WHITE, GREEN, BLUE, RED]),
        (8, [GREEN, WHITE, RED, BLUE]),
        (9, [RED, GREEN, BLUE, WHITE]),
    ],
)
@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "TIFF"])
def test_turns_a_picture_upright(orientation, expected, form):
    exif = Image.Exif()
    exif[0x0112] = orientation
    options = {"lossless": True} if form == "WEBP" else {}

    picture = load(encoded(quarters(), form, exif=exif, **options))

    assert near(picture.image, expected, by=10)
    assert (picture.width, picture.height) == ((48, 64) if orientation in (5, 6, 7, 8) else (64, 48))


def test_lays_transparency_on_white():
    image = Image.new("RGBA", (8, 8), (255, 0, 0, 128))
    image.putpixel((0, 0), (0, 0, 0, 0))

    result = load(encoded(image)).image

    assert result.getpixel((0, 0)) == WHITE
    assert result.getpixel((4, 4)) == (255, 127, 127)


def test_lays_grey_with_transparency_on_white():
    assert load(encoded(Image.new("LA", (8, 8), (0, 0)))).image.getpixel((4, 4)) == WHITE


@pytest.mark.parametrize("transparency", [0, b"\x00\xff"])
def test_lays_a_transparent_palette_on_white(transparency):
    image = Image.new("P", (8, 8), 0)
    image.putpalette([255, 0, 0, 0, 0, 255])
    image.putpixel((4, 4), 1)

    result = load(encoded(image, transparency=transparency)).image

    assert result.getpixel((0, 0)) == WHITE
    assert result.getpixel((4, 4)) == BLUE


def test_lays_a_transparent_colour_on_white():
    result = load(encoded(quarters(), transparency=RED)).image

    assert corners(result) == [WHITE, GREEN, BLUE, WHITE]


def test_converts_cmyk():
    red = Image.new("CMYK", (16, 16), (0, 255, 255, 0))

    assert near(load(encoded(red, "JPEG")).image, [(254, 0, 0)] * 4)


def test_converts_one_bit():
    assert load(encoded(Image.new("1", (8, 8), 1))).image.getpixel((4, 4)) == WHITE


@pytest.mark.parametrize("form", ["PNG", "TIFF"])
def test_scales_sixteen_bits(form):
    ramp = np.tile(np.array([0, 257 * 100, 65535], np.uint16), (3, 1))

    result = load(encoded(Image.fromarray(ramp), form)).image

    assert [result.getpixel((x, 0))[0] for x in range(3)] == [0, 100, 255]


def test_stretches_floats_whose_scale_nobody_knows():
    values = np.array([[-1.0, 0.0, 1.0]], np.float32)

    result = load(encoded(Image.fromarray(values), "TIFF")).image

    assert [result.getpixel((x, 0))[0] for x in range(3)] == [0, 128, 255]


@pytest.mark.parametrize("form", ["GIF", "WEBP", "PNG"])
def test_takes_the_first_frame_of_an_animation(form):
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]

    picture = load(encoded(frames[0], form, save_all=True, append_images=frames[1:]))

    assert near(picture.image, [RED] * 4)


def test_takes_the_first_of_several_pictures_in_a_jpeg():
    frames = [Image.new("RGB", (16, 16), colour) for colour in (RED, BLUE)]

    picture = load(encoded(frames[0], "MPO", save_all=True, append_images=frames[1:]))

    assert near(picture.image, [RED] * 4)


def test_damaged_exif_neither_warns_nor_fails():
    exif = Image.Exif()
    exif[0x010E] = "A long description that will be cut off"
    data = encoded(quarters(), "JPEG", exif=exif)
    data = data.replace(b"\x01\x0e\x00\x02\x00\x00\x00", b"\x01\x0e\x00\x02\x7f\x00\x00")

    with warnings.catch_warnings():
        for _ in range(2):
            warnings.simplefilter("error")
            assert load(data).width == 64


def test_loads_in_many_threads_at_once():
    data = [encoded(quarters(), form) for form in ("JPEG", "PNG", "TIFF", "GIF")] * 8
    failures = []

    def work(some):
        try:
            assert load(some).width == 64
        except Exception as error:  # reported by the main thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(some,)) for some in data]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []


def test_the_result_does_not_hold_the_file():
    picture = load(encoded(quarters()))

    assert type(picture.image) is Image.Image
    assert not isinstance(getattr(picture.image, "fp", None), io.BytesIO)


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_inspecting_says_what_loading_says(form, orientation):
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = orientation, "a description"
    buffer = io.BytesIO()
    quarters().save(buffer, form, exif=exif) if form in {"PNG", "JPEG", "WEBP", "TIFF"} else quarters().save(
        buffer, form
    )

    facts, loaded = inspect_picture(buffer.getvalue(), max_pixels=MANY), load(buffer.getvalue())

    assert (facts.width, facts.height, facts.taken_at, facts.texts) == (
        loaded.width,
        loaded.height,
        loaded.taken_at,
        loaded.texts,
    )


def test_inspecting_refuses_what_is_too_large_or_no_picture():
    with pytest.raises(BadPicture, match="too large"):
        inspect_picture(encoded(quarters(), "PNG"), max_pixels=10)
    with pytest.raises(BadPicture):
        inspect_picture(b"no picture", max_pixels=MANY)
