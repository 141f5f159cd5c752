import numpy as np
import pytest
import torch

from mmsearch.alignment.contrastive import ContrastiveHeads
from mmsearch.errors import BadInput

from .contract import AlignerContract
from .made import classes_of, found_class, found_first, paired

QUICK = {"dim": 16, "hidden": 32, "dropout": 0.1, "epochs": 40, "batch_size": 64, "learning_rate": 5e-3}


class TestContrastiveHeads(AlignerContract):
    enough = 0.6

    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return ContrastiveHeads(**QUICK)


@pytest.mark.parametrize(
    "options",
    [
        {"hidden": 0},
        {"loss": "sigmoid"},
        {"structure": 0.5, "levels": 2},
        {"start_from_cca": True, "epochs": 10},
        {"start_from_cca": True, "hidden": 0, "epochs": 10},
    ],
    ids=str,
)
def test_every_option_finds_new_pairs(options):
    image, text, _ = paired(100, seed=1)

    fitted = ContrastiveHeads(**(QUICK | options)).fit(*paired(400)[:2])

    assert found_first(fitted.transform_image(image), fitted.transform_text(text)) > 0.5


def test_learns_from_classes():
    labels, image, text = classes_of(300)
    new_labels, new_image, new_text = classes_of(200, seed=1)

    fitted = ContrastiveHeads(**(QUICK | {"class_share": 1.0})).fit(image, text, labels=labels.astype(str))

    assert found_class(fitted.transform_image(new_image), fitted.transform_text(new_text), new_labels) > 0.9


def test_stops_when_held_out_pairs_get_no_better_and_keeps_the_best_epoch():
    seen = []
    image, text, _ = paired(200, noise=2.0)
    settings = QUICK | {"epochs": 200, "patience": 3, "validation": 0.2, "dropout": 0.0}

    fitted = ContrastiveHeads(**settings).fit(image, text, progress=seen.append)

    assert len(seen) == fitted.best_epoch_ + 3 < 200
    assert max(seen, key=lambda step: step.held_out).done == fitted.best_epoch_


def test_trains_to_the_end_on_all_where_nothing_is_held_out():
    seen = []

    fitted = ContrastiveHeads(**(QUICK | {"validation": 0.0, "epochs": 13, "patience": 2})).fit(
        *paired(100)[:2], progress=seen.append
    )

    assert fitted.best_epoch_ == len(seen) == 13
    assert {step.held_out for step in seen} == {None}
    assert seen[-1].loss < seen[0].loss


def test_linear_heads_are_linear():
    image, text, _ = paired(100)
    fitted = ContrastiveHeads(**(QUICK | {"hidden": 0})).fit(image, text)
    zero = fitted._project(np.zeros((1, 12), np.float32), 0)

    assert fitted._project(2 * image, 0) - zero == pytest.approx(2 * (fitted._project(image, 0) - zero), abs=1e-4)


def test_leaves_torch_randomness_alone():
    torch.manual_seed(4)
    expected = torch.rand(3)
    torch.manual_seed(4)

    ContrastiveHeads(**(QUICK | {"epochs": 1})).fit(*paired(30)[:2])

    assert torch.equal(torch.rand(3), expected)


def test_another_seed_gives_another_result():
    image, text, _ = paired(60)

    one, two = (ContrastiveHeads(**QUICK, random_state=seed).fit(image, text) for seed in (0, 1))

    assert not np.allclose(one.transform_image(image), two.transform_image(image))


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("dim", 0),
        ("hidden", -1),
        ("dropout", 1.5),
        ("loss", "hinge"),
        ("temperature", 0.0),
        ("smoothing", 1.0),
        ("structure", -1.0),
        ("levels", 0),
        ("epochs", 0),
        ("batch_size", "all"),
        ("learning_rate", -1e-3),
        ("validation", 2.0),
        ("device", "abacus"),
        ("random_state", -1),
    ],
)
def test_a_parameter_out_of_range_is_refused_by_name(parameter, value):
    with pytest.raises(BadInput, match=parameter):
        ContrastiveHeads(**{parameter: value}).fit(*paired(50)[:2])


def test_class_share_needs_labels():
    with pytest.raises(BadInput, match="no labels were given"):
        ContrastiveHeads(class_share=0.5).fit(*paired(50)[:2])


def test_extra_pairs_teach_what_no_other_pair_does():
    image, text, _ = paired(300)
    known, unknown = image.copy(), image.copy()
    known[:, :6], unknown[:, 6:] = 0, 0  # half of the columns never vary in the pairs, only in the extra ones
    new_image, new_text, _ = paired(100, seed=1)
    new_image[:, 6:] = 0

    plain = ContrastiveHeads(**QUICK).fit(known, text)
    more = ContrastiveHeads(**QUICK).fit(known, text, extra=(unknown, text))

    assert found_first(plain.transform_image(new_image), plain.transform_text(new_text)) < 0.1
    assert found_first(more.transform_image(new_image), more.transform_text(new_text)) > 0.4


def test_extra_pairs_are_never_held_out_and_leave_nothing_behind():
    image, text, _ = paired(100)

    fitted = ContrastiveHeads(**(QUICK | {"epochs": 1, "validation": 0.5})).fit(image, text, extra=(image + 50, text))

    assert fitted.network_.views()[0].mean.mean() > 20  # all hundred of them count besides fifty others
    assert "_extra" not in vars(fitted)


def test_extra_pairs_that_do_not_fit_are_refused():
    image, text, _ = paired(50)

    with pytest.raises(BadInput, match="extra text features have 12 columns"):
        ContrastiveHeads(**QUICK).fit(image, text, extra=(image, image))
    with pytest.raises(BadInput, match="either `extra` or `labels`"):
        ContrastiveHeads(**QUICK).fit(image, text, extra=(image, text), labels=np.zeros(50, int))
