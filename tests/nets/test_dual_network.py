import json

import pytest
import torch
from PIL import Image

from mmsearch.nets.dual_network import CHECKSUMS, DualShape, checksums, load_network, save_network, towers_dtype
from tests.nets.tiny import tiny_network, tiny_shape

TEXTS = ["a dog", "红色的图片", "something a good deal longer than the others, and then some", ""]


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tiny")
    save_network(tiny_network(), folder)
    return folder


def load(folder, dtype=torch.float32):
    return load_network(folder, torch.device("cpu"), dtype)


def pictures():
    return [Image.new("RGB", (20, 10), colour) for colour in ("red", "blue")]


def test_what_was_saved_gives_nearly_the_same_vectors(saved):
    network, back = tiny_network(), load(saved)

    with torch.no_grad():
        texts = (network.encode_tokens(*network.tokens(TEXTS)) * back.encode_tokens(*back.tokens(TEXTS))).sum(1)
        images = network.encode_pixels(network.pixels(pictures())) * back.encode_pixels(back.pixels(pictures()))

    assert texts.min() > 0.999
    assert images.sum(1).min() > 0.999


def test_bfloat16_towers_give_nearly_the_same_vectors(saved):
    exact, rough = load(saved), load(saved, torch.bfloat16)

    with torch.no_grad():
        cosines = (exact.encode_tokens(*exact.tokens(TEXTS)) * rough.encode_tokens(*rough.tokens(TEXTS))).sum(1)

    assert cosines.min() > 0.99


def test_saving_what_was_loaded_keeps_the_bytes_of_the_8_bit_rows(saved, tmp_path):
    save_network(load(saved), tmp_path)

    before, after = load(saved).state_dict(), load(tmp_path).state_dict()
    assert torch.equal(before["text.embeddings.word_embeddings.rows"], after["text.embeddings.word_embeddings.rows"])
    assert checksums(tmp_path).keys() == checksums(saved).keys()


def test_a_text_has_the_same_vector_alone_and_among_longer_ones(saved):
    network = load(saved)

    with torch.no_grad():
        together = network.encode_tokens(*network.tokens(TEXTS))
        alone = network.encode_tokens(*network.tokens(TEXTS[:1]))

    assert torch.allclose(together[0], alone[0], atol=1e-5)


def test_reads_only_so_many_tokens(saved):
    network = load(saved)

    ids, mask = network.tokens(["a " * 500])

    assert ids.shape == mask.shape == (1, network.shape.max_tokens)


def test_the_checksums_are_those_of_the_files(saved):
    assert json.loads((saved / CHECKSUMS).read_text()) == checksums(saved)


def test_a_shape_survives_json():
    assert DualShape.from_json(tiny_shape().to_json()) == tiny_shape()


def test_nothing_stays_on_the_meta_device(saved):
    assert not [name for name, tensor in load(saved).state_dict().items() if tensor.is_meta]


def test_the_type_of_the_towers_is_one_that_the_device_has():
    assert towers_dtype(torch.device("cpu")) in {torch.float32, torch.bfloat16}
    assert towers_dtype(torch.device("meta")) == torch.float32
