import numpy as np
import pytest
from PIL import Image

from mmsearch.rerankers.proportions import within_proportions


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((30, 20), (30, 20)),
        ((400, 200), (200, 100)),
        ((200, 400), (100, 200)),
        ((1, 1), (1, 1)),
        ((1, 40), (10, 40)),
        ((4000, 100), (400, 100)),
        ((90000, 3), (400, 100)),
    ],
)
def test_pictures_are_neither_too_large_nor_too_slim(size, expected):
    assert within_proportions(Image.new("RGB", size), 100).size == expected


def test_what_is_slim_is_put_in_the_middle_of_grey():
    pixels = np.asarray(within_proportions(Image.new("L", (2, 40), 255), 100))  # (40, 10, 3)

    assert (pixels[:, 4:6] == 255).all()
    assert (pixels[:, :4] == 127).all()
    assert (pixels[:, 6:] == 127).all()
