import numpy as np
import pytest

from mmsearch.laboratory.plots import plane


def test_the_plane_keeps_distances_where_there_are_only_two_directions():
    random = np.random.default_rng(0)
    angles = random.uniform(0, 2 * np.pi, 30)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    turned = circle @ np.linalg.qr(random.standard_normal((7, 7)))[0][:2]

    one, two = plane((turned[:10], turned[10:]))

    flat = np.concatenate([one, two])
    expected = np.linalg.norm(circle[:, None] - circle, axis=2)
    assert np.linalg.norm(flat[:, None] - flat, axis=2) == pytest.approx(expected, abs=1e-9)


def test_vectors_of_one_number_lie_on_a_line():
    (flat,) = plane((np.array([[1.0], [-2.0]]),))

    assert flat == pytest.approx(np.array([[1, 0], [-1, 0]])) or flat == pytest.approx(np.array([[-1, 0], [1, 0]]))
