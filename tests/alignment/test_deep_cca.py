import numpy as np
import pytest
from sklearn.base import clone

from mmsearch.alignment.cca import CCA
from mmsearch.alignment.deep_cca import DeepCCA
from mmsearch.errors import BadInput

from .contract import AlignerContract
from .made import found_first, paired

QUICK = {"dim": 6, "hidden": 32, "dropout": 0.0, "epochs": 30, "batch_size": 100, "learning_rate": 5e-3, "ridge": 0.01}


class TestDeepCCA(AlignerContract):
    enough = 0.5

    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return DeepCCA(**QUICK)

    @pytest.mark.parametrize("rows", [2, 5])
    def test_fewer_rows_than_columns_give_finite_unit_rows(self, learner, rows):
        """Here they are refused: the objective needs more rows than codes have columns."""
        image, text, _ = paired(rows)

        with pytest.raises(BadInput, match=f"got {rows} images and dim 6"):
            clone(learner).fit(image, text)


def curved(n, seed):
    """Views whose relation is curved: a value and its square, each beside noise."""
    random = np.random.default_rng(seed)
    value = random.uniform(-1, 1, n)
    image = np.stack([value, random.standard_normal(n)], axis=1)
    text = np.stack([value**2, random.standard_normal(n)], axis=1)
    return image.astype(np.float32), text.astype(np.float32)


def test_finds_a_curved_relation_that_linear_cca_does_not_see():
    settings = QUICK | {"dim": 2, "batch_size": 500, "epochs": 60, "validation": 0.0}

    fitted = DeepCCA(**settings).fit(*curved(2000, 0))
    image, text = curved(1000, 1)
    codes = fitted.transform_image(image), fitted.transform_text(text)
    linear = CCA().fit(*curved(2000, 0)).correlations(image, text)

    raw = fitted._project(image, 0)[:, 0], fitted._project(text, 1)[:, 0]
    assert np.corrcoef(*raw)[0, 1] > 0.8
    assert abs(linear[0]) < 0.2
    assert codes[0].shape == (1000, 2)


def test_the_full_batch_can_be_the_batch():
    seen = []

    fitted = DeepCCA(**(QUICK | {"batch_size": 300, "validation": 0.0, "epochs": 60})).fit(
        *paired(300)[:2], progress=seen.append
    )

    assert seen[-1].loss < seen[0].loss < 0  # minus the mean correlation of the components
    assert fitted.cca_.correlations_[:4].min() > 0.9


def test_linear_networks_reach_what_cca_reaches():
    image, text, _ = paired(300, noise=1.0, image_width=4, text_width=3)
    settings = QUICK | {"dim": 3, "hidden": 0, "batch_size": 300, "validation": 0.0, "epochs": 300, "ridge": 1e-6}
    settings |= {"start_from_cca": False}

    fitted = DeepCCA(**(settings | {"weight_decay": 0.0})).fit(image, text)

    assert fitted.cca_.correlations_ == pytest.approx(
        CCA(image_ridge=0, text_ridge=0).fit(image, text).correlations_, abs=0.01
    )


@pytest.mark.parametrize("hidden", [0, 32])
def test_with_a_reconstruction_term_codes_can_rebuild_features(hidden):
    seen = []
    settings = QUICK | {"reconstruction": 5.0, "hidden": hidden, "epochs": 80, "validation": 0.0}

    DeepCCA(**settings).fit(*paired(400)[:2], progress=seen.append)

    # All four hidden directions are kept, so both views are rebuilt: the loss is near minus the mean correlation.
    assert seen[0].loss > 5.0
    assert seen[-1].loss < 1.0


def test_it_may_begin_where_cca_ends():
    image, text, _ = paired(100, seed=1)
    settings = QUICK | {"epochs": 1, "learning_rate": 0.0}

    warm, cold = (DeepCCA(**settings, start_from_cca=start).fit(*paired(400)[:2]) for start in (True, False))

    assert found_first(warm.transform_image(image), warm.transform_text(text)) > 0.8
    assert found_first(cold.transform_image(image), cold.transform_text(text)) < 0.8


def test_a_batch_no_larger_than_the_codes_is_refused():
    with pytest.raises(BadInput, match="Lower dim, or raise batch_size"):
        DeepCCA(**(QUICK | {"dim": 16, "batch_size": 10})).fit(*paired(100)[:2])


@pytest.mark.parametrize(("parameter", "value"), [("ridge", 0.0), ("power", -1), ("reconstruction", -1)])
def test_a_parameter_out_of_range_is_refused_by_name(parameter, value):
    with pytest.raises(BadInput, match=parameter):
        DeepCCA(**{parameter: value}).fit(*paired(50)[:2])
