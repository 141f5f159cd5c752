import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.nets.pictures import flat_rgb, normalised, squares


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "HSV", "I", "F", "I;16"])
@pytest.mark.parametrize("size", [(1, 1), (7, 3), (3, 900)])
def test_takes_pictures_of_any_mode_and_size(mode, size):
    assert squares([Image.new(mode, size)], 8).shape == (1, 3, 8, 8)


def test_squashes_without_cropping():
    image = Image.new("RGB", (40, 10), "black")
    image.paste("white", (0, 0, 5, 10))  # a strip at the rim: an eighth of the width

    columns = squares([image], 16)[0, 0].float().mean(0)

    assert columns[0] > 200
    assert columns[3:].max() < 30


def test_what_is_transparent_becomes_white():
    image = Image.new("RGBA", (4, 4), (255, 0, 0, 0))

    assert flat_rgb(image).getpixel((0, 0)) == (255, 255, 255)


def test_a_palette_with_a_transparent_colour_becomes_white_there():
    image = Image.new("P", (2, 2), 0)
    image.putpalette([255, 0, 0, 0, 255, 0])
    image.info["transparency"] = 0

    assert flat_rgb(image).getpixel((0, 0)) == (255, 255, 255)


def test_16_bits_are_scaled_rather_than_clipped():
    image = Image.fromarray(np.full((2, 2), 32768, np.uint16))

    assert flat_rgb(image).getpixel((0, 0)) == (128, 128, 128)


def test_every_value_is_exact_in_bfloat16():
    values = torch.arange(256, dtype=torch.uint8)

    assert torch.equal(normalised(values, torch.bfloat16).float(), (values.float() - 127) / 128)
