import tracemalloc

import numpy as np
import pytest
from sklearn import cross_decomposition

from mmsearch.alignment.cca import CCA
from mmsearch.alignment.moments import BLOCK
from mmsearch.errors import BadInput

from .contract import AlignerContract
from .made import classes_of, found_class, paired


def by_definition(image, text, image_ridge, text_ridge):
    """The singular values of S₁^-½ C S₂^-½, with roots by eigenvectors and explicit sums. Slow on purpose."""

    def covariance(left, right):
        total = np.zeros((left.shape[1], right.shape[1]))
        for a, b in zip(left - left.mean(axis=0), right - right.mean(axis=0), strict=True):
            total += np.outer(a, b)
        return total / len(left)

    def inverse_root(matrix, ridge):
        size = len(matrix)
        values, vectors = np.linalg.eigh(matrix + ridge * np.trace(matrix) / size * np.eye(size))
        return vectors @ np.diag(values**-0.5) @ vectors.T

    image, text = image.astype(np.float64), text.astype(np.float64)
    left, right = inverse_root(covariance(image, image), image_ridge), inverse_root(covariance(text, text), text_ridge)
    return np.linalg.svd(left @ covariance(image, text) @ right, compute_uv=False)


class TestCCA(AlignerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return CCA(image_ridge=0.01, text_ridge=0.01, power=1.0)


@pytest.mark.parametrize("ridges", [(0.0, 0.0), (0.1, 0.0), (1.0, 0.3), (100.0, 100.0)])
@pytest.mark.parametrize("widths", [(1, 1), (1, 3), (4, 2), (6, 6)])
def test_correlations_equal_the_definition(ridges, widths):
    image, text, _ = paired(80, image_width=widths[0], text_width=widths[1], noise=1.0)

    fitted = CCA(image_ridge=ridges[0], text_ridge=ridges[1]).fit(image.astype(np.float64), text)

    assert fitted.correlations_ == pytest.approx(by_definition(image, text, *ridges), abs=1e-9)


def test_without_ridges_it_is_plain_cca():
    image, text, _ = paired(150, noise=1.0, image_width=6, text_width=5)
    image, text = image.astype(np.float64), text.astype(np.float64)
    slow = cross_decomposition.CCA(n_components=5, max_iter=10_000, tol=1e-12).fit(image, text)
    left, right = slow.transform(image, text)
    expected = [np.corrcoef(left[:, i], right[:, i])[0, 1] for i in range(5)]

    fitted = CCA(image_ridge=0, text_ridge=0, power=0).fit(image, text)

    assert fitted.correlations_ == pytest.approx(expected, abs=1e-6)
    assert fitted.correlations(image, text) == pytest.approx(expected, abs=1e-6)
    for i in range(5):  # the same directions but for their signs and lengths
        ours = (image - image.mean(axis=0)) @ fitted.image_weights_[:, i]
        assert abs(np.corrcoef(ours, left[:, i])[0, 1]) == pytest.approx(1, abs=1e-5)


def test_components_have_variance_one_and_do_not_correlate_with_each_other():
    image, text, _ = paired(200, noise=1.0)

    fitted = CCA(image_ridge=0, text_ridge=0).fit(image.astype(np.float64), text)
    components = (image - fitted.image_mean_) @ fitted.image_weights_

    assert components.T @ components / 200 == pytest.approx(np.eye(8), abs=1e-8)


def test_identical_views_correlate_at_one():
    image, _, _ = paired(100, noise=1.0)

    fitted = CCA(image_ridge=0, text_ridge=0).fit(image, image)

    assert fitted.correlations_ == pytest.approx(np.ones(12), abs=1e-5)


def test_unrelated_views_correlate_by_chance_on_their_own_rows_and_not_on_others():
    random = np.random.default_rng(0)
    image, text = random.standard_normal((60, 20)), random.standard_normal((60, 20))

    fitted = CCA(image_ridge=0, text_ridge=0).fit(image, text)
    others = fitted.correlations(random.standard_normal((2000, 20)), random.standard_normal((2000, 20)))

    assert fitted.correlations_[0] > 0.8
    assert np.abs(others).max() < 0.1


def test_scale_and_offset_of_a_view_change_nothing():
    image, text, _ = paired(100, noise=1.0)
    image = image.astype(np.float64)

    plain = CCA().fit(image, text)
    moved = CCA().fit(image * 1e-12 + 3e-9, text)

    assert moved.correlations_ == pytest.approx(plain.correlations_, abs=1e-6)


def test_float32_with_a_large_offset_keeps_its_digits():
    image, text, _ = paired(500, noise=1.0)

    near, far = CCA(image_ridge=0).fit(image, text), CCA(image_ridge=0).fit(image + 1000, text)

    assert far.correlations_ == pytest.approx(near.correlations_, abs=1e-3)


@pytest.mark.parametrize("factor", [1e-30, 1e30])
def test_very_small_and_very_large_values_are_read(factor):
    image, text, _ = paired(100, noise=1.0)

    fitted = CCA().fit((image * factor).astype(np.float32), text)

    assert fitted.correlations_ == pytest.approx(CCA().fit(image, text).correlations_, abs=1e-4)


@pytest.mark.parametrize("texts", [1, 3])
def test_data_of_several_blocks_give_what_the_whole_gives(texts, monkeypatch):
    image, text, owner = paired(100, noise=1.0, texts=texts)
    whole = CCA().fit(image.astype(np.float64), text, owner=owner)

    monkeypatch.setattr("mmsearch.alignment.moments.BLOCK", 7 * texts)
    blocks = CCA().fit(image.astype(np.float64), text, owner=owner)

    assert blocks.correlations_ == pytest.approx(whole.correlations_, abs=1e-10)
    assert blocks.image_mean_ == pytest.approx(whole.image_mean_)


def test_needs_far_less_memory_than_the_data(tmp_path):
    image = np.memmap(tmp_path / "image", np.float16, "w+", shape=(100_000, 48))
    image[:] = np.random.default_rng(0).standard_normal((1000, 48)).repeat(100, axis=0)
    text = image[:, :16]
    CCA().fit(image[::1000], text[::1000])  # imports count elsewhere

    tracemalloc.start()
    CCA().fit(image, text)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 12e6  # in float32 the data would take 26 MB


def test_several_texts_of_an_image_count_as_so_many_pairs():
    image, text, _ = paired(60, noise=1.0)
    random = np.random.default_rng(2)
    owner = random.integers(0, 60, 200)
    texts = text[owner] + random.standard_normal((200, 8)).astype(np.float32)

    shared = CCA().fit(image.astype(np.float64), texts, owner=owner)
    copied = CCA().fit(image[owner].astype(np.float64), texts)

    assert shared.correlations_ == pytest.approx(copied.correlations_, abs=1e-10)
    assert shared.text_mean_ == pytest.approx(copied.text_mean_)


def test_pieces_give_what_the_whole_gives():
    image, text, _ = paired(100, noise=1.0)
    image = image.astype(np.float64)

    pieces = CCA().partial_fit(image[:30], text[:30]).partial_fit(image[30:], text[30:])

    assert pieces.correlations_ == pytest.approx(CCA().fit(image, text).correlations_, abs=1e-10)
    assert pieces.transform_image(image) == pytest.approx(CCA().fit(image, text).transform_image(image), abs=1e-4)


def test_a_piece_of_another_width_is_refused():
    image, text, _ = paired(50)

    with pytest.raises(BadInput, match="earlier ones had"):
        CCA().partial_fit(image, text).partial_fit(image, image)


def test_components_are_weighted_by_a_power_of_their_correlations():
    image, text, _ = paired(100, noise=1.0)
    plain, weighted = CCA(power=0).fit(image, text), CCA(power=2).fit(image, text)

    rows = (image - plain.image_mean_) @ plain.image_weights_ * plain.correlations_**2
    expected = rows / np.linalg.norm(rows, axis=1, keepdims=True)

    assert weighted.transform_image(image) == pytest.approx(expected, abs=1e-5)


def test_fewer_components_are_the_first_of_all():
    image, text, _ = paired(100, noise=1.0)

    assert CCA(components=3).fit(image, text).correlations_ == pytest.approx(CCA().fit(image, text).correlations_[:3])


def test_learns_from_classes_whichever_text_of_a_class_an_image_has():
    labels, image, text = classes_of(300)
    new_labels, new_image, new_text = classes_of(200, seed=1)
    random, other = np.random.default_rng(1), np.empty(300, int)
    for c in range(3):
        members = np.flatnonzero(labels == c)
        other[members] = random.permutation(members)

    fitted = CCA(components=2, class_share=1.0).fit(image, text, labels=labels)
    again = CCA(components=2, class_share=1.0).fit(image, text[other], labels=labels)

    assert found_class(fitted.transform_image(new_image), fitted.transform_text(new_text), new_labels) > 0.9
    assert again.correlations_ == pytest.approx(fitted.correlations_, abs=1e-5)


def test_class_covariance_is_that_of_all_pairs_of_a_class():
    labels, image, text = classes_of(90)
    labels = np.repeat([0, 1, 2], 30)  # equally many of each, so that all pairs count alike
    every = [(i, j) for i in range(90) for j in range(90) if labels[i] == labels[j]]
    left, right = np.array(every).T

    by_class = CCA(class_share=1.0).fit(image.astype(np.float64), text, labels=labels)
    by_pairs = CCA().fit(image[left].astype(np.float64), text[right])

    assert by_class.correlations_ == pytest.approx(by_pairs.correlations_, abs=1e-9)


def test_class_share_needs_labels():
    with pytest.raises(BadInput, match="no labels were given"):
        CCA(class_share=0.5).fit(*paired(50)[:2])


def test_a_side_that_never_varies_is_refused():
    image, text, _ = paired(50)

    with pytest.raises(BadInput, match="All image features are the same in every row"):
        CCA().fit(np.ones_like(image), text)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("components", 0),
        ("components", 1.5),
        ("image_ridge", -1),
        ("text_ridge", "much"),
        ("power", -0.1),
        ("class_share", 2),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(parameter, value):
    with pytest.raises(BadInput, match=parameter):
        CCA(**{parameter: value}).fit(*paired(50)[:2])


def test_progress_reaches_the_end():
    seen = []

    CCA().fit(*paired(BLOCK + 10)[:2], progress=seen.append)

    assert [(step.done, step.total) for step in seen] == [(BLOCK, BLOCK + 10), (BLOCK + 10, BLOCK + 10)]
