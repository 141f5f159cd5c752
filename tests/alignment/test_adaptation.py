import json

import numpy as np
import pytest
import torch
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.alignment import ALIGNERS, load_aligner
from mmsearch.alignment.adaptation import METHODS, Adaptation
from mmsearch.errors import BadInput, UnknownName
from mmsearch.nets.projections import built, described

from .contract import AlignerContract
from .made import found_first, paired


class TestAdaptation(AlignerContract):
    text_width = 12  # an encoder gives pictures and texts equally many

    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return Adaptation("cca", {"image_ridge": 0.01, "text_ridge": 0.01})


def half_known(n, seed=0):
    """Return vectors of which the first half match as they are, and the second half only through a fixed rotation."""
    random = np.random.default_rng(3)
    turn = np.linalg.qr(random.standard_normal((6, 6)))[0]
    random = np.random.default_rng(seed)
    known, hidden = random.standard_normal((n, 6)), random.standard_normal((n, 6))
    noise = [0.6 * random.standard_normal((n, 12)) for _ in range(2)]
    image = np.hstack([known, hidden]) + noise[0]
    text = np.hstack([known, hidden @ turn]) + noise[1]
    return image.astype(np.float32), text.astype(np.float32)


def units(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_finds_more_than_the_encoder_and_than_the_learner_alone():
    image, text = half_known(200)
    new_image, new_text = half_known(400, seed=1)
    as_it_is = found_first(units(new_image), units(new_text))

    learner = Adaptation("cca").fit(image, text)

    found = found_first(learner.transform_image(new_image), learner.transform_text(new_text))
    assert 0 < learner.share_ <= 1
    assert found > as_it_is + 0.2


def test_leaves_an_encoder_alone_that_nothing_can_be_added_to():
    random = np.random.default_rng(0)
    image = random.standard_normal((30, 40)).astype(np.float32)
    text = image + 0.01 * random.standard_normal((30, 40)).astype(np.float32)

    learner = Adaptation("cca").fit(image, text)

    assert learner.share_ == 0.0
    assert learner.dim_ == 40
    assert learner.transform_image(image) == pytest.approx(units(image), abs=1e-6)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.5, 1.0])
def test_the_cosine_is_the_weighted_mean_of_both(share):
    image, text = half_known(100)
    learner = Adaptation("cca").fit(image, text)
    alone = METHODS["cca"]().fit(image, text)

    learner.share_ = share
    found = learner.transform_image(image) @ learner.transform_text(text).T

    learnt = alone.transform_image(image) @ alone.transform_text(text).T
    assert found == pytest.approx((1 - share) * units(image) @ units(text).T + share * learnt, abs=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_maps_alike_as_a_network_and_after_loading(tmp_path, share):
    image, text = half_known(100)
    learner = Adaptation("kernel-cca", {"frequencies": 20}).fit(image, text)
    learner.share_ = share
    network = learner.projection(1)

    anew = built(json.loads(json.dumps(described(network))))
    anew.load_state_dict(network.state_dict())
    learner.save(tmp_path)

    codes = F.normalize(anew(torch.from_numpy(text)), dim=1).numpy()
    assert codes == pytest.approx(learner.transform_text(text), abs=1e-5)
    assert np.array_equal(load_aligner(tmp_path).transform_text(text), learner.transform_text(text))


def test_the_weight_is_chosen_on_pairs_that_the_learner_has_not_seen():
    """On those that it has seen, a learner with more columns than pairs looks perfect, whatever it is worth."""
    random = np.random.default_rng(0)
    image = random.standard_normal((40, 60)).astype(np.float32)
    text = image + 2.5 * random.standard_normal((40, 60)).astype(np.float32)

    learner = Adaptation("cca", {"image_ridge": 1e-6, "text_ridge": 1e-6}).fit(image, text)

    alone = learner.learner_
    assert found_first(alone.transform_image(image), alone.transform_text(text)) > 0.9
    assert found_first(units(image), units(text)) < 0.9  # by pairs it has seen, the learner would be chosen alone
    assert learner.share_ < 1.0


def test_leaves_an_encoder_alone_where_too_few_pairs_could_choose():
    image, text = half_known(4)

    assert Adaptation("cca").fit(image, text).share_ == 0.0


@pytest.mark.parametrize(
    ("options", "data", "message"),
    [
        ({}, paired(50)[:2], "12 columns and texts 8"),
        ({"validation": 0.0}, half_known(50), "validation"),
        ({"parameters": {"colour": 3}}, half_known(50), "colour"),
    ],
)
def test_refuses_what_cannot_be_adapted(options, data, message):
    with pytest.raises(BadInput, match=message):
        Adaptation("cca", **options).fit(*data)


def test_an_unknown_learner_is_named():
    with pytest.raises(UnknownName, match="Did you mean cca"):
        Adaptation("cc").fit(*half_known(50))
    assert set(METHODS) == set(ALIGNERS) - {"adaptation"}
