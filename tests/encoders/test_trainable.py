import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.encoders.pair import pair_encoders
from mmsearch.encoders.presets import ENCODER_FAMILY
from mmsearch.encoders.registry import load_encoder
from mmsearch.encoders.trainable import open_trainable
from mmsearch.errors import EncoderError, UnknownName
from mmsearch.nets.folder import save_folder
from tests.nets.tiny import tiny_network

KINDS = ("ours", "clip", "siglip", "siglip2", "chinese_clip", "clip_of_sentence_transformers", "pair")
PICTURES = [Image.new("RGB", (50, 40), "red"), Image.new("RGB", (30, 40), "blue")]
TEXTS = ["a dog", "red", "a cat on a red beach"]


@pytest.fixture(scope="module")
def folder_of(tiny, tmp_path_factory):
    """Return what gives a folder of each kind."""
    place = tmp_path_factory.mktemp("kinds")
    save_folder(tiny_network(), place / "ours")
    (place / "ours" / "NOTICE.md").write_text("Towers by others.")
    pair_encoders(str(tiny("clip_of_sentence_transformers")), str(tiny("multilingual_texts")), place / "pair")
    return lambda kind: place / kind if (place / kind).is_dir() else tiny(kind)


@pytest.fixture(autouse=True)
def in_float32(monkeypatch):
    """Let the machine be one that does not multiply bfloat16, so that numbers can be compared."""
    monkeypatch.setattr("mmsearch.nets.dual_network.towers_dtype", lambda device: torch.float32)
    monkeypatch.setattr("mmsearch.encoders.trainable.towers_dtype", lambda device: torch.float32)


@pytest.mark.parametrize("kind", KINDS)
def test_gives_the_vectors_that_the_encoder_gives(folder_of, kind):
    folder = str(folder_of(kind))

    trainable, encoder = open_trainable(folder, device="cpu"), load_encoder(folder, device="cpu")

    assert trainable.side == encoder.image_side
    images, texts = trainable.encode_images(PICTURES).detach(), trainable.encode_texts(TEXTS).detach()
    assert np.allclose(images, encoder.encode_images(PICTURES), atol=1e-5)
    assert np.allclose(texts, encoder.encode_texts(TEXTS), atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_has_heads_and_layers_for_adapters_that_gradients_reach(folder_of, kind):
    trainable = open_trainable(str(folder_of(kind)), device="cpu")
    trainable.network.requires_grad_(True)

    torch.autograd.backward((trainable.encode_images(PICTURES) @ trainable.encode_texts(TEXTS).T).sum())

    weights = dict(trainable.network.named_parameters())
    for names in (trainable.heads(), trainable.adaptable()):
        reached = [
            name for name in names for key in weights if key.startswith(f"{name}.") and weights[key].grad is not None
        ]
        assert reached
    assert not set(trainable.heads()) & set(trainable.adaptable())


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_folder_is_an_encoder_with_the_weights_as_they_are_now(folder_of, kind, tmp_path):
    trainable = open_trainable(str(folder_of(kind)), device="cpu")
    with torch.no_grad():
        for name, weight in trainable.network.named_parameters():
            if name.startswith(tuple(trainable.heads())):
                weight.mul_(1.5)
    expected = trainable.encode_texts(TEXTS).detach()

    trainable.save(tmp_path / "saved")

    encoder = load_encoder(str(tmp_path / "saved"), device="cpu")
    found = encoder.encode_texts(TEXTS)
    assert np.allclose(found, expected, atol=0.02 if kind == "ours" else 1e-5)  # ours lies in 8-bit rows
    assert encoder.fingerprint != load_encoder(str(folder_of(kind)), device="cpu").fingerprint


def test_the_notice_of_our_own_kind_goes_along(folder_of, tmp_path):
    open_trainable(str(folder_of("ours")), device="cpu").save(tmp_path / "saved")

    assert (tmp_path / "saved" / "NOTICE.md").read_text() == "Towers by others."


def test_a_name_that_stands_for_two_models_is_opened_as_one(tiny, hub_cache, monkeypatch):
    hub_cache("some/pictures", tiny("clip_of_sentence_transformers"))
    hub_cache("some/texts", tiny("multilingual_texts"))
    monkeypatch.setitem(ENCODER_FAMILY.presets, "two", ("some/pictures", "some/texts"))

    assert open_trainable("two", device="cpu").encode_texts(TEXTS).shape == (3, 12)


def test_a_model_of_texts_alone_is_refused(tiny):
    with pytest.raises(EncoderError, match="takes text only"):
        open_trainable(str(tiny("multilingual_texts")), device="cpu")


def test_an_unknown_name_is_refused():
    with pytest.raises(UnknownName, match="Did you mean bundled"):
        open_trainable("bundeld")
