import gc
import weakref

import pytest
import torch

from mmsearch.encoders.folder import open_folder
from mmsearch.models.frozen import frozen_network
from mmsearch.nets.dual_network import save_network
from mmsearch.nets.matcher_network import MatcherNetwork, MatcherShape, save_matcher
from mmsearch.rerankers.folder import open_matcher
from tests.nets.tiny import tiny_network

CPU = torch.device("cpu")
SHAPE = MatcherShape(start=1, layers=1, width=6, grid=2)


@pytest.fixture
def folder(tmp_path):
    for name in ("encoder", "matcher"):
        (tmp_path / name).mkdir()
    save_network(tiny_network(), tmp_path / "encoder")
    return tmp_path / "encoder"


def test_encoder_and_matcher_hold_the_same_network(folder):
    encoder = open_folder(folder, device="cpu")
    save_matcher(MatcherNetwork(encoder.network, SHAPE), folder.parent / "matcher", folder)

    matcher = open_matcher(folder.parent / "matcher", folder, name="tiny", device="cpu")

    assert matcher.network.dual is encoder.network


def test_who_changes_weights_has_a_network_to_himself(folder):
    assert open_folder(folder, device="cpu", dtype=torch.float32).network is not frozen_network(folder, CPU)


def test_another_model_in_the_same_folder_is_loaded_anew(folder):
    before = frozen_network(folder, CPU)
    save_network(tiny_network(seed=1), folder)

    after = frozen_network(folder, CPU)

    assert after is not before
    ids, mask = before.tokens(["a dog"])
    assert not torch.allclose(after.encode_tokens(ids, mask), before.encode_tokens(ids, mask))


def test_what_nobody_uses_any_more_is_let_go(folder):
    network = frozen_network(folder, CPU)
    gone = weakref.ref(network)

    del network
    gc.collect()

    assert gone() is None
