import sys

import pytest
import torch

from mmsearch.errors import TrainingError
from mmsearch.training.adapters import add_adapters, merge_adapters
from tests.nets.tiny import tiny_network

TEXT = "text.encoder.layer.0.attention.self.query"
PICTURE = "image.blocks.1.project"


@pytest.fixture
def network():
    return tiny_network().requires_grad_(True)


def vectors(network):
    pixels = torch.arange(3 * 33 * 33).reshape(1, 3, 33, 33).remainder(256).to(torch.uint8)
    return torch.cat([network.encode_tokens(*network.tokens(["red one"])), network.encode_pixels(pixels)]).detach()


def test_adapters_change_nothing_at_first(network):
    before = vectors(network)

    add_adapters(network, [TEXT, PICTURE], rank=2, seed=0)

    assert torch.equal(vectors(network), before)


def test_merged_adapters_leave_the_same_network_with_other_weights(network):
    names, before = [name for name, _ in network.named_parameters()], vectors(network)
    adapted = add_adapters(network, [TEXT, PICTURE], rank=2, seed=0)
    with torch.no_grad():
        for name, weight in network.named_parameters():
            if ".lora_B." in name:
                weight.fill_(0.1)
    trained = vectors(network)

    merge_adapters(adapted)

    assert [name for name, _ in network.named_parameters()] == names
    assert torch.allclose(vectors(network), trained, atol=1e-5)
    assert not torch.allclose(trained, before, atol=1e-3)


def test_equal_seeds_give_equal_adapters():
    first, second, other = tiny_network(), tiny_network(), tiny_network()
    for network, seed in ((first, 1), (second, 1), (other, 2)):
        add_adapters(network, [TEXT], rank=2, seed=seed)

    drawn = [network.state_dict()[f"{TEXT}.lora_A.default.weight"] for network in (first, second, other)]

    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])


def test_without_peft_the_error_says_what_to_install(network, monkeypatch):
    monkeypatch.setitem(sys.modules, "peft", None)

    with pytest.raises(TrainingError, match="pip install"):
        add_adapters(network, [TEXT], rank=2, seed=0)


def test_an_encoder_without_such_layers_is_refused(network):
    with pytest.raises(TrainingError, match="choose the method"):
        add_adapters(network, [], rank=2, seed=0)
