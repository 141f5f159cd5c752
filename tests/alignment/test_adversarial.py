import numpy as np
import pytest
import torch

from mmsearch.alignment.adversarial import AdversarialAligner
from mmsearch.alignment.torch_learner import TorchAligner
from mmsearch.errors import BadInput

from .contract import AlignerContract
from .made import classes_of, found_class, found_first, paired

QUICK = {"dim": 16, "hidden": 32, "dropout": 0.0, "epochs": 40, "batch_size": 64, "learning_rate": 5e-3}


class TestAdversarialAligner(AlignerContract):
    enough = 0.5

    @pytest.fixture(scope="class")
    @classmethod
    def learner(cls):
        return AdversarialAligner(**QUICK)


@pytest.mark.parametrize("adversary", ["discriminator", "wasserstein"])
def test_pairs_are_found_with_either_adversary(adversary):
    image, text, _ = paired(100, seed=1)

    fitted = AdversarialAligner(**QUICK, adversary=adversary).fit(*paired(400)[:2])

    assert found_first(fitted.transform_image(image), fitted.transform_text(text)) > 0.5


@pytest.mark.parametrize("adversary", ["discriminator", "wasserstein"])
def test_the_adversary_makes_the_clouds_overlap(adversary, monkeypatch):
    """With the pair term off, so that nothing else draws them together."""
    monkeypatch.setattr(
        "mmsearch.alignment.adversarial.Contrast.forward", lambda self, image, text, *_: 0.0 * self.bias
    )
    settings = QUICK | {"validation": 0.0, "adversary": adversary, "weight_decay": 0.0}

    alone = AdversarialAligner(**settings, adversary_weight=0.0).fit(*paired(400)[:2])
    fooled = AdversarialAligner(**settings, adversary_weight=1.0).fit(*paired(400)[:2])

    def gap(fitted):
        image, text, _ = paired(400, seed=1)
        difference = fitted.transform_image(image).mean(axis=0) - fitted.transform_text(text).mean(axis=0)
        return float(np.linalg.norm(difference))

    assert gap(fooled) < gap(alone)


def test_one_step_moves_the_judge_down_and_the_projectors_up_the_judges_loss():
    torch.manual_seed(0)
    learner = AdversarialAligner(**QUICK, adversary_weight=0.5)
    learner.network_ = learner._build((12, 8))
    rows = [torch.from_numpy(rows) for rows in paired(50)[:2]]
    image, text = (
        torch.nn.functional.normalize(p(r), dim=1) for p, r in zip(learner.network_.views(), rows, strict=True)
    )
    weight = learner.network_.views()[0].linear.weight
    judge = learner.network_.others["judge"][0].weight

    loss = learner._adversary_loss(image, text)
    turned = torch.autograd.grad(loss, (weight, judge), retain_graph=True)
    learner.adversary_weight = -1.0  # not reversed
    straight = torch.autograd.grad(learner._adversary_loss(image, text), (weight, judge))

    assert turned[0].numpy() == pytest.approx(-0.5 * straight[0].numpy(), abs=1e-6)
    assert turned[1].numpy() == pytest.approx(straight[1].numpy(), abs=1e-6)


def test_the_judge_has_an_optimiser_of_its_own():
    learner = AdversarialAligner(**QUICK)
    learner.network_ = learner._build((12, 8))

    projectors, judge = (
        {id(p) for group in optimiser.param_groups for p in group["params"]} for optimiser in learner._optimisers()
    )

    assert not projectors & judge
    assert judge == {id(p) for p in learner.network_.others["judge"].parameters()}
    assert projectors | judge == {id(p) for p in learner.network_.parameters()}
    assert isinstance(learner, TorchAligner)


def test_learns_from_classes():
    labels, image, text = classes_of(300)
    new_labels, new_image, new_text = classes_of(200, seed=1)

    fitted = AdversarialAligner(**(QUICK | {"class_share": 1.0})).fit(image, text, labels=labels)

    assert found_class(fitted.transform_image(new_image), fitted.transform_text(new_text), new_labels) > 0.9


@pytest.mark.parametrize(
    ("parameter", "value"), [("adversary", "critic"), ("adversary_weight", -1), ("adversary_rate", -1), ("loss", "x")]
)
def test_a_parameter_out_of_range_is_refused_by_name(parameter, value):
    with pytest.raises(BadInput, match=parameter):
        AdversarialAligner(**{parameter: value}).fit(*paired(50)[:2])
