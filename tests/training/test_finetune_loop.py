import math

import pytest
import torch

from mmsearch.encoders.trainable import open_trainable
from mmsearch.errors import TrainingError
from mmsearch.nets.folder import save_folder
from mmsearch.training.adapters import add_adapters
from mmsearch.training.finetune_loop import FinetuneLoop, FinetuneSettings, chosen_weights
from mmsearch.training.folders import read_folder
from tests.nets.tiny import tiny_network
from tests.training.captioned import captioned_folder


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = captioned_folder(tmp_path_factory.mktemp("loop") / "pictures")
    return read_folder(folder, held_out=0, seed=0).train


@pytest.fixture
def start(tmp_path):
    save_folder(tiny_network(), tmp_path / "start")
    return open_trainable(str(tmp_path / "start"), device="cpu")


def settings(**changes):
    return FinetuneSettings(**{"epochs": 4, "batch": 6, "tower_rate": 1e-3, "head_rate": 1e-2} | changes)


def test_heads_alone_are_trained_if_asked_for(start):
    rates = dict(chosen_weights(start, settings(method="heads")))

    assert list(rates) == [1e-2]
    assert {name.split(".")[0] for name in rates[1e-2]} == {"image_head", "text_head"}


def test_all_but_the_tables_of_words_and_places_is_trained_in_full(start):
    rates = dict(chosen_weights(start, settings()))

    left = {name for name, _ in start.network.named_parameters()} - {name for names in rates.values() for name in names}
    assert rates.keys() == {1e-3, 1e-2}
    assert left == {"text.embeddings.position_embeddings.weight", "text.embeddings.token_type_embeddings.weight"}


def test_adapters_and_heads_are_trained_with_lora(start):
    add_adapters(start.network, start.adaptable(), rank=2, seed=0)

    rates = dict(chosen_weights(start, settings(method="lora", adapter_rate=0.1)))

    assert rates.keys() == {0.1, 1e-2}
    assert all(".lora_" in name for name in rates[0.1])


def test_an_encoder_without_heads_cannot_train_heads_alone(start, monkeypatch):
    monkeypatch.setattr(start, "heads", list)

    with pytest.raises(TrainingError, match="choose full or lora"):
        chosen_weights(start, settings(method="heads"))


@pytest.mark.parametrize("method", ["full", "heads"])
def test_learns_and_leaves_what_is_frozen_as_it_is(start, pictures, method):
    before = {name: weight.clone() for name, weight in start.network.named_parameters()}
    loop = FinetuneLoop(start, pictures, settings(method=method, epochs=8), "same")

    losses = [loop.run_epoch() for _ in range(8)]

    assert losses[-1] < losses[0]
    frozen = before.keys() - set(loop.names)
    assert all(
        torch.equal(
            start.network.get_parameter(name).float(), before[name].to(start.network.get_parameter(name).dtype).float()
        )
        for name in frozen
    )
    assert any(not torch.equal(loop.averaged()[name], before[name]) for name in loop.names)


def test_a_restored_loop_goes_on_as_the_other_would_have(tmp_path, pictures):
    save_folder(tiny_network(), tmp_path / "start")
    whole, cut, rest = (
        FinetuneLoop(open_trainable(str(tmp_path / "start"), device="cpu"), pictures, settings(), "same")
        for _ in range(3)
    )
    curve = [whole.run_epoch() for _ in range(4)]
    for _ in range(2):
        cut.run_epoch()

    rest.restore(cut.state())

    assert [rest.run_epoch() for _ in range(2)] == curve[2:]
    assert all(torch.equal(mean, whole.averaged()[name]) for name, mean in rest.averaged().items())


def test_a_checkpoint_of_other_pictures_or_another_shape_is_refused(start, pictures):
    loop = FinetuneLoop(start, pictures, settings(), "these")

    with pytest.raises(TrainingError, match="other pictures"):
        loop.restore(loop.state() | {"material": "those"})
    with pytest.raises(TrainingError, match="another shape"):
        loop.restore(loop.state() | {"weights": []})


def test_a_loss_that_is_not_finite_stops_with_advice(start, pictures):
    loop = FinetuneLoop(start, pictures, settings(), "same")
    loop.scale = math.nan

    with pytest.raises(TrainingError, match="became nan in step 1"):
        loop.run_epoch()


def test_rates_go_up_and_then_down_to_almost_nothing(start, pictures):
    loop = FinetuneLoop(start, pictures, settings(warm_up=0.5), "same")  # 4 epochs of 2 steps
    rates = []

    for loop.step in range(8):
        rates.append(loop._rate())

    assert rates == [0.25, 0.5, 0.75, 1.0, 1.0, 0.75, 0.5, 0.25]


def test_a_batch_holds_a_picture_once_and_every_picture_is_seen_in_an_epoch(start, pictures):
    loop = FinetuneLoop(start, pictures, settings(batch=5), "same")

    rows = [rows for rows, _ in loop._batches(0)]

    assert sorted(row for batch in rows for row in batch) == list(range(12))
    assert [len(batch) for batch in rows] == [6, 6]
