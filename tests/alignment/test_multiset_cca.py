import numpy as np
import pytest
from cca_zoo.linear import MCCA

from mmsearch.alignment.cca import CCA
from mmsearch.alignment.multiset_cca import MultisetCCA
from mmsearch.errors import BadInput

from .contract import AlignerContract
from .made import found_first, paired


class TestMultisetCCA(AlignerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return MultisetCCA(ridges=0.01)


def three_views(n, seed):
    image, text, _ = paired(n, seed=seed)
    third = np.random.default_rng(3).standard_normal((12, 5))
    return image, text, np.tanh(image @ third / 4).astype(np.float32)


def test_with_two_views_it_is_cca():
    image, text, _ = paired(200, noise=1.0)
    image = image.astype(np.float64)

    two = MultisetCCA(ridges=(1.0, 0.1)).fit(image, text)
    cca = CCA(image_ridge=1.0, text_ridge=0.1).fit(image, text)

    assert two.correlations_ == pytest.approx(cca.correlations_, abs=1e-9)
    assert two.transform_image(image) @ two.transform_text(text).T == pytest.approx(
        cca.transform_image(image) @ cca.transform_text(text).T, abs=1e-4
    )


def test_the_first_direction_has_the_largest_sum_of_covariances_under_its_constraint():
    views = [view.astype(np.float64) - view.mean(axis=0) for view in three_views(300, 0)]
    fitted = MultisetCCA(ridges=0.0, components=1).fit_views(views)
    directions = [weights[:, 0] for weights in fitted.weights_]

    def objective(parts):
        scores = [view @ part for view, part in zip(views, parts, strict=True)]
        spread = sum(s @ s for s in scores) / 300
        return sum(a @ b for i, a in enumerate(scores) for j, b in enumerate(scores) if i != j) / 300 / spread

    best = objective(directions)
    random = np.random.default_rng(1)

    assert best == pytest.approx(2 * fitted.correlations_[0], abs=1e-6)
    for size in (0.01, 0.1, 1.0):
        for _ in range(50):
            assert objective([d + size * np.std(d) * random.standard_normal(len(d)) for d in directions]) <= best + 1e-9


def test_directions_of_three_views_are_those_of_cca_zoo():
    views = [view.astype(np.float64) for view in three_views(300, 0)]
    theirs = MCCA(n_components=5).fit(views)

    ours = MultisetCCA(ridges=0.0, components=5).fit_views(views)

    scores = [view @ weights for view, weights in zip(views, ours.weights_, strict=True)]
    for component in range(5):
        for mine, other in zip(scores, theirs.transform(views), strict=True):
            assert abs(np.corrcoef(mine[:, component], other[:, component])[0, 1]) == pytest.approx(1, abs=1e-6)


def test_every_view_finds_every_other():
    views, new = three_views(400, 0), three_views(100, 1)

    fitted = MultisetCCA(ridges=0.01).fit_views(views)
    spaces = [fitted.transform_view(view, i) for i, view in enumerate(new)]

    assert min(found_first(a, b) for a in spaces for b in spaces) > 0.6


def test_identical_views_correlate_at_one():
    image, _, _ = paired(100, noise=1.0)

    assert MultisetCCA(ridges=0.0).fit_views([image] * 3).correlations_ == pytest.approx(np.ones(12), abs=1e-5)


def test_three_views_are_saved_and_read(tmp_path):
    views = three_views(50, 0)
    fitted = MultisetCCA(ridges=(0.1, 0.2, 0.3)).fit_views(views)

    fitted.save(tmp_path)
    loaded = MultisetCCA.load(tmp_path)

    assert np.array_equal(loaded.transform_view(views[2], 2), fitted.transform_view(views[2], 2))


def test_refuses_what_are_no_views():
    image, text, _ = paired(20)

    with pytest.raises(BadInput, match="There are 1 views"):
        MultisetCCA().fit_views([image])
    with pytest.raises(BadInput, match="20, 19 rows"):
        MultisetCCA().fit_views([image, text[1:]])
    with pytest.raises(BadInput, match="3 views and 2 ridges"):
        MultisetCCA(ridges=(0.1, 0.1)).fit_views(three_views(20, 0))
    with pytest.raises(BadInput, match="no view 2"):
        MultisetCCA().fit(image, text).transform_view(image, 2)
    with pytest.raises(BadInput, match="view 1 are the same in every row"):
        MultisetCCA().fit_views([image, np.ones_like(text)])
