from itertools import product

import numpy as np
import pytest
import torch

from mmsearch.alignment.autoencoder import MultimodalAutoencoder, present_views
from mmsearch.errors import BadInput

from .contract import AlignerContract
from .made import classes_of, found_class, found_first, paired

QUICK = {"dim": 16, "hidden": 32, "dropout": 0.0, "epochs": 40, "batch_size": 64, "learning_rate": 5e-3}


class TestMultimodalAutoencoder(AlignerContract):
    enough = 0.6

    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return MultimodalAutoencoder(**QUICK)


def three_views(n, seed):
    image, text, _ = paired(n, seed=seed)
    third = np.random.default_rng(3).standard_normal((12, 5))
    return image, text, (image @ third).astype(np.float32)


@pytest.fixture(scope="module")
def of_three():
    return MultimodalAutoencoder(**QUICK).fit_views(three_views(500, 0))


@pytest.mark.parametrize("present", [p for p in product([True, False], repeat=3) if any(p)])
def test_every_view_is_rebuilt_from_every_subset_of_views(of_three, present):
    views = three_views(200, 1)

    rebuilt = of_three.rebuild([view if there else None for view, there in zip(views, present, strict=True)])

    for view, copy in zip(views, rebuilt, strict=True):
        assert copy.shape == view.shape
        assert np.mean((copy - view) ** 2) < 0.15 * view.var(axis=0).mean()
        assert (copy < 0).any()  # features have both signs, so the decoder must


def test_the_code_of_several_views_is_the_mean_of_their_encodings(of_three):
    views = three_views(5, 1)
    mean = (of_three._project(views[0], 0) + of_three._project(views[2], 2)) / 2

    assert of_three.rebuild([views[0], None, views[2]])[1] == pytest.approx(of_three._decode(mean, 1), abs=1e-5)


def test_every_view_finds_every_other(of_three):
    views = three_views(100, 1)
    spaces = [of_three.transform_view(view, i) for i, view in enumerate(views)]

    assert min(found_first(a, b) for a in spaces for b in spaces) > 0.6


def test_without_the_contrast_it_still_rebuilds_but_finds_less():
    image, text, _ = paired(100, seed=1)

    plain = MultimodalAutoencoder(**(QUICK | {"contrast": 0.0})).fit(*paired(400)[:2])
    drawn = MultimodalAutoencoder(**QUICK).fit(*paired(400)[:2])

    assert np.mean((plain.rebuild([image, None])[1] - text) ** 2) < 0.2 * text.var(axis=0).mean()
    assert found_first(plain.transform_image(image), plain.transform_text(text)) < found_first(
        drawn.transform_image(image), drawn.transform_text(text)
    )


def test_learns_from_classes():
    labels, image, text = classes_of(300)
    new_labels, new_image, new_text = classes_of(200, seed=1)

    fitted = MultimodalAutoencoder(**(QUICK | {"class_share": 1.0})).fit(image, text, labels=labels)

    assert found_class(fitted.transform_image(new_image), fitted.transform_text(new_text), new_labels) > 0.9


@pytest.mark.parametrize("dropout", [0.0, 0.5, 0.99])
def test_views_are_left_out_by_chance_but_never_all(dropout):
    torch.manual_seed(0)

    present = present_views(4000, 3, dropout)

    assert present.any(1).all()
    # Each is kept by chance, or else as the one of three that must be.
    assert present.double().mean().item() == pytest.approx(1 - dropout + dropout / 3, abs=0.02)


def test_rebuilding_refuses_what_it_cannot_use(of_three):
    image, text, third = three_views(5, 1)

    with pytest.raises(BadInput, match="There are 2 views; this was fitted on 3"):
        of_three.rebuild([image, text])
    with pytest.raises(BadInput, match="at least one view"):
        of_three.rebuild([None, None, None])
    with pytest.raises(BadInput, match="equally many rows"):
        of_three.rebuild([image, text[1:], third])
    with pytest.raises(BadInput, match="view 1 have 12 columns"):
        of_three.rebuild([None, image, None])


@pytest.mark.parametrize(
    ("parameter", "value"), [("modality_dropout", 1.0), ("reconstruction", -1), ("contrast", -1), ("temperature", 0)]
)
def test_a_parameter_out_of_range_is_refused_by_name(parameter, value):
    with pytest.raises(BadInput, match=parameter):
        MultimodalAutoencoder(**{parameter: value}).fit(*paired(50)[:2])
