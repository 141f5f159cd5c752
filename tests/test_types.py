"""Values that know something of themselves."""

import numpy as np
import pytest

from mmsearch.types import HeatMap, MadeBy


@pytest.mark.parametrize(
    ("shape", "cell", "place"),
    [
        ((7, 7), (0, 0), "upper left"),
        ((7, 7), (0, 3), "upper"),
        ((7, 7), (3, 6), "right"),
        ((7, 7), (3, 3), "centre"),
        ((7, 7), (6, 2), "lower"),
        ((2, 2), (1, 0), "lower left"),
        ((1, 1), (0, 0), "centre"),
    ],
)
def test_a_map_says_in_which_part_of_the_picture_it_peaks(shape, cell, place):
    grid = np.zeros(shape, np.float32)
    grid[cell] = 1
    heat = HeatMap(grid, MadeBy.PATCHES)

    assert heat.place() == place
    assert heat.peak() == ((cell[1] + 0.5) / shape[1], (cell[0] + 0.5) / shape[0])
