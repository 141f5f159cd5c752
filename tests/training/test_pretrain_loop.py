from copy import deepcopy
from dataclasses import replace

import pytest
import torch

from mmsearch.errors import TrainingError
from mmsearch.training.objectives import ObjectiveSettings
from mmsearch.training.pretrain_loop import PretrainLoop, PretrainSettings
from tests.training.tiny_matcher import Squares, tiny_matcher

OBJECTIVES = ObjectiveSettings(belief=0.4, cache=16, hardening=2, read=1.0)
STILL = replace(OBJECTIVES, belief=0.0, cache=0, itm=0.0, mlm=0.0)  # nothing that is drawn by lot
SETTINGS = PretrainSettings(
    epochs=3,
    steps=4,
    frozen_layers=1,
    warm_up=2,
    new_rate=0.01,
    head_rate=0.01,
    image_rate=0.001,
    objectives=OBJECTIVES,
)


def loop(settings=SETTINGS, seed=0, repeat=0):
    return PretrainLoop(tiny_matcher(seed), [Squares(repeat=repeat)], settings)


def test_it_learns():
    learning = loop(replace(SETTINGS, epochs=12))

    losses = [learning.run_epoch() for _ in range(12)]

    assert losses[-1] < 0.7 * losses[0]
    assert learning.parts().keys() == {"squares itc", "squares itm", "squares ranking", "squares mlm"}


def test_a_restored_loop_goes_on_as_the_first_would_have():
    first, second = loop(), loop(seed=5)  # other weights at the start, which the state replaces
    first.run_epoch()
    frozen = {n: p for n, p in first.network.named_parameters() if not p.requires_grad}
    for name, parameter in second.network.named_parameters():
        if name in frozen:
            parameter.data.copy_(frozen[name])
    second.restore(deepcopy(first.state()))

    assert first.run_epoch() == pytest.approx(second.run_epoch(), abs=1e-6)
    for a, b in zip(first.export().parameters(), second.export().parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_gradients_of_several_batches_are_those_of_one_step():
    """Two equal batches a step give the mean loss, and the step, of one."""
    one, two = (loop(replace(SETTINGS, accumulate=parts, objectives=STILL, dropout=0.0)) for parts in (1, 2))
    for learning in (one, two):
        learning.sources[0].batch = lambda step: Squares().batch(0)

    assert two.run_epoch() == pytest.approx(one.run_epoch(), abs=1e-5)
    for a, b in zip(one.export().parameters(), two.export().parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-4)


def test_every_step_has_new_batches_also_where_gradients_are_summed():
    learning, drawn = loop(replace(SETTINGS, accumulate=3)), []
    learning.sources[0].batch = lambda step: drawn.append(step) or Squares().batch(step)

    learning.run_epoch()

    assert drawn == list(range(12))


def test_what_is_exported_may_lie_between_the_start_and_the_end():
    start = [p.detach().clone() for p in loop().network.parameters()]
    end, middle, same = (loop(replace(SETTINGS, start_share=share)) for share in (0.0, 0.5, 1.0))
    for learning in (end, middle, same):
        learning.run_epoch()

    exported = [list(learning.export().parameters()) for learning in (end, middle, same)]
    for first, *found in zip(start, *exported, strict=True):
        assert torch.allclose(found[1], (first + found[0]) / 2, atol=1e-5)
        assert torch.allclose(found[2], first, atol=1e-6)


def test_batches_that_come_again_are_drawn_and_seen_once_by_frozen_towers():
    frozen = replace(SETTINGS, image_rate=0.0, text_rate=0.0, head_rate=0.0)
    learning, drawn = loop(frozen, repeat=3), []
    learning.sources[0].batch = lambda step: drawn.append(step) or Squares().batch(step)
    expected = loop(frozen)
    expected.sources[0].batch = lambda step: Squares().batch(step % 3)

    losses = [learning.run_epoch() for _ in range(2)]

    assert drawn == [0, 1, 2]
    assert losses == pytest.approx([expected.run_epoch() for _ in range(2)], abs=1e-6)


def test_towers_that_learn_look_at_what_comes_again_anew():
    learning, drawn = loop(repeat=3), []
    learning.sources[0].batch = lambda step: drawn.append(step) or Squares().batch(step)

    learning.run_epoch()

    assert drawn == [0, 1, 2, 0]


def test_the_teacher_is_the_running_average_of_the_encoder():
    learning = loop()
    learning.run_epoch()
    mean = learning.export().dual

    assert learning._teacher is not None
    for taught, averaged in zip(learning._teacher.parameters(), mean.parameters(), strict=True):
        assert torch.allclose(taught.float(), averaged.float(), atol=1e-6)


def test_without_belief_and_cache_there_is_no_teacher():
    assert loop(replace(SETTINGS, objectives=replace(OBJECTIVES, belief=0.0, cache=0)))._teacher is None


def test_frozen_layers_and_the_table_of_words_stay_as_they_are():
    learning = loop()
    text = learning.network.dual.text
    before = deepcopy(text.state_dict())

    learning.run_epoch()

    changed = {name for name, tensor in text.state_dict().items() if not torch.equal(tensor, before[name])}
    assert changed
    assert all(name.startswith("encoder.layer.1.") for name in changed)


def test_the_lowest_blocks_of_the_picture_tower_can_be_frozen():
    learning = loop(replace(SETTINGS, frozen_blocks=2))
    before = deepcopy(learning.network.dual.image.state_dict())

    learning.run_epoch()

    after = learning.network.dual.image.state_dict()
    changed = {name for name, tensor in after.items() if not torch.equal(tensor, before[name])}
    assert changed
    assert not any(name.startswith(("stem.", "blocks.0.", "blocks.1.")) for name in changed)


def test_a_part_without_a_rate_stays_as_it_is():
    learning = loop(replace(SETTINGS, image_rate=0.0, text_rate=0.0, head_rate=0.0))
    encoder, fusion = (deepcopy(part.state_dict()) for part in (learning.network.dual, learning.network.fusion))

    learning.run_epoch()

    assert all(torch.equal(tensor, encoder[name]) for name, tensor in learning.network.dual.state_dict().items())
    assert not all(torch.equal(tensor, fusion[name]) for name, tensor in learning.network.fusion.state_dict().items())


def test_a_loop_in_which_nothing_has_a_rate_is_refused():
    rates = dict.fromkeys(("image_rate", "text_rate", "fusion_rate", "head_rate", "new_rate"), 0.0)

    with pytest.raises(TrainingError, match="nothing would be learnt"):
        loop(replace(SETTINGS, **rates))


def test_the_rates_rise_stay_and_fall():
    learning = loop(replace(SETTINGS, epochs=5, steps=4, cooling=0.25))
    shares = []
    for learning.step in range(20):
        shares.append(learning._share())

    assert shares[:2] == [0.5, 1.0]
    assert shares[2:16] == [1.0] * 14
    assert shares[16:] == pytest.approx([0.8, 0.6, 0.4, 0.2])


def test_the_exported_network_is_the_average_and_scores_like_the_one_lent():
    learning = loop()
    learning.run_epoch()
    pixels = Squares().batch(0).pixels

    with learning.averaged() as lent, torch.no_grad():
        expected = lent.look(pixels)[0]

    assert torch.allclose(learning.export().look(pixels)[0], expected, atol=1e-6)


def test_a_loss_that_is_no_number_stops_the_run_before_it_harms_the_weights():
    learning = loop()
    with torch.no_grad():
        learning.network.decision[0].bias[0] = torch.nan
    before = [p.detach().clone() for p in learning.network.dual.image.parameters()]

    with pytest.raises(TrainingError, match="squares became nan in step 1"):
        learning.run_epoch()

    assert all(torch.equal(a, b) for a, b in zip(before, learning.network.dual.image.parameters(), strict=True))


def test_the_state_of_another_shape_is_refused():
    state = loop().state()
    state["weights"] = [weight[..., None] for weight in state["weights"]]

    with pytest.raises(TrainingError, match="another shape"):
        loop().restore(state)


@pytest.mark.parametrize("left", ["itc", "itm", "mlm"])
def test_an_objective_without_weight_is_not_worked_out(left):
    weights = dict.fromkeys(("itc", "itm", "mlm", "ranking"), 0.0) | {left: 1.0}
    learning = loop(replace(SETTINGS, steps=1, objectives=replace(OBJECTIVES, **weights)))

    learning.run_epoch()

    assert learning.parts().keys() == {f"squares {left}"}
