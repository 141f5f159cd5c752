import numpy as np
import pytest

from mmsearch.alignment.cca import CCA
from mmsearch.alignment.ensemble import Ensemble
from mmsearch.alignment.learners import LEARNERS
from mmsearch.errors import BadInput, UnknownName

from .contract import AlignerContract
from .made import paired

RIDGES = {"image_ridge": 0.01, "text_ridge": 0.01}
KERNEL = RIDGES | {"components": 8, "frequencies": 60, "bandwidth": 3.0}


class TestEnsemble(AlignerContract):
    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return Ensemble((("cca", RIDGES), ("kernel-cca", KERNEL), ("kernel-cca", KERNEL | {"random_state": 1})))


def test_its_cosines_are_the_mean_of_its_members_cosines():
    image, text, _ = paired(60)
    one, two = CCA(components=2), CCA(components=5, image_ridge=0.3)

    fitted = Ensemble((("cca", {"components": 2}), ("cca", {"components": 5, "image_ridge": 0.3}))).fit(image, text)

    cosines = [m.fit(image, text).transform_image(image) @ m.transform_text(text).T for m in (one, two)]
    assert fitted.transform_image(image) @ fitted.transform_text(text).T == pytest.approx(
        np.mean(cosines, axis=0), abs=1e-5
    )


@pytest.mark.parametrize("name", LEARNERS)
def test_a_member_of_each_method_maps_as_it_does_alone(name):
    image, text, _ = paired(60)
    quick = {"epochs": 2, "hidden": 8, "dim": 4, "validation": 0.0, "batch_size": 60, "frequencies": 30}
    parameters = {key: value for key, value in quick.items() if key in LEARNERS[name]().get_params()}

    fitted = Ensemble(((name, parameters),)).fit(image, text)

    alone = LEARNERS[name](**parameters).fit(image, text)
    assert fitted.transform_image(image) == pytest.approx(alone.transform_image(image), abs=1e-5)


@pytest.mark.parametrize(
    ("members", "error", "message"),
    [
        ((), BadInput, "one member"),
        ((("ca", {}),), UnknownName, "Did you mean cca"),
        ((("cca", {"colour": 1}),), BadInput, "colour"),
        ((("cca", {"power": -1}),), BadInput, "power"),
        (("cca",), BadInput, "names with parameters"),
    ],
)
def test_members_that_cannot_be_are_refused(members, error, message):
    with pytest.raises(error, match=message):
        Ensemble(members).fit(*paired(50)[:2])
