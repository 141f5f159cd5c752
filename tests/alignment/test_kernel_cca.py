import numpy as np
import pytest

from mmsearch.alignment.cca import CCA
from mmsearch.alignment.checks import checked_pairs
from mmsearch.alignment.kernel_cca import KernelCCA, median_distance
from mmsearch.errors import BadInput

from .contract import AlignerContract
from .made import paired


class TestKernelCCA(AlignerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return KernelCCA(components=8, image_ridge=0.01, text_ridge=0.01, frequencies=60, bandwidth=3.0, power=0.5)


def test_lifted_rows_multiply_to_the_gaussian_kernel():
    image, text, _ = paired(30)
    fitted = KernelCCA(frequencies=40_000, components=2, bandwidth=0.7)
    fitted._prepare(checked_pairs(image, text))

    lifted = fitted._lift(image, 0)
    sigma = 0.7 * median_distance(image, np.random.default_rng(0))
    expected = [
        [np.exp(-np.sum((a - b) ** 2) / (2 * sigma**2)) for b in image.astype(float)] for a in image.astype(float)
    ]

    assert lifted @ lifted.T == pytest.approx(np.array(expected), abs=0.02)


def test_the_median_distance_is_that_of_all_pairs_of_rows():
    rows, _, _ = paired(20)
    by_hand = np.median([np.linalg.norm(rows[i] - rows[j]) for i in range(20) for j in range(i)])

    assert median_distance(rows, np.random.default_rng(0)) == pytest.approx(by_hand, rel=1e-5)
    assert median_distance(np.ones((5, 2)), np.random.default_rng(0)) == 1.0


def test_finds_a_curved_relation_that_linear_cca_does_not_see():
    random = np.random.default_rng(0)
    angle = random.uniform(-1, 1, 4000)
    image = np.stack([angle, random.standard_normal(4000)], axis=1)
    text = np.stack([angle**2, random.standard_normal(4000)], axis=1)
    train, test = slice(2000), slice(2000, 4000)

    curved = KernelCCA(frequencies=100, image_ridge=0.01, text_ridge=0.01).fit(image[train], text[train])
    linear = CCA().fit(image[train], text[train])

    assert curved.correlations(image[test], text[test])[0] > 0.9
    assert abs(linear.correlations(image[test], text[test])[0]) < 0.2


def test_pieces_can_be_learnt_one_after_another():
    image, text, _ = paired(200)

    pieces = KernelCCA(frequencies=50).partial_fit(image[:100], text[:100]).partial_fit(image[100:], text[100:])

    assert pieces.correlations(image, text)[0] > 0.9


@pytest.mark.parametrize(("parameter", "value"), [("frequencies", 0), ("bandwidth", 0.0), ("random_state", -1)])
def test_a_parameter_out_of_range_is_refused_by_name(parameter, value):
    with pytest.raises(BadInput, match=parameter):
        KernelCCA(**{parameter: value}).fit(*paired(50)[:2])
