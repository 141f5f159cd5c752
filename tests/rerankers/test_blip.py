import json

import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.nets import dual_network
from mmsearch.rerankers import blip
from mmsearch.rerankers.absorbed import AbsorbedAttention
from mmsearch.rerankers.registry import load_reranker
from tests.rerankers.contract import RerankerContract
from tests.rerankers.tiny_blip import save_blip, save_blip2

TEXTS = ["a red dog", "two", "one dog"]


class TestBlip(RerankerContract):
    @staticmethod
    def save(place):
        save_blip(place / "blip")
        return place / "blip"


class TestBlip2(RerankerContract):
    @staticmethod
    def save(place):
        save_blip2(place / "blip2")
        return place / "blip2"


def noise(count=3):
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 255, (40, 50, 3), dtype=np.uint8)) for _ in range(count)]


@pytest.fixture(params=[save_blip, save_blip2])
def saved(request, tmp_path, monkeypatch):
    monkeypatch.setattr(dual_network, "towers_dtype", lambda device: torch.float32)
    return tmp_path / "blip", request.param(tmp_path / "blip")


def plain(model, processor, texts, images):
    """What the network says when it is called as its documentation shows."""
    given = processor(images=images, text=texts, return_tensors="pt", padding=True)
    given.pop("token_type_ids", None)
    with torch.inference_mode():
        if hasattr(model, "qformer"):
            told = model(**given, use_image_text_matching_head=True).logits_per_image
        else:
            told = model(**given).itm_score
    return (told[:, 1] - told[:, 0]).numpy()


@pytest.mark.parametrize("length", [1, 1000])  # with absorbed keys and values, and without
def test_says_what_the_plain_network_says(saved, monkeypatch, length):
    folder, model = saved
    monkeypatch.setattr(blip, "USUAL_LENGTH", length)
    reranker = load_reranker(str(folder), device="cpu")

    found = reranker.score(TEXTS, reranker.prepare(noise()))

    assert any(isinstance(each, AbsorbedAttention) for each in reranker.model.modules()) == (length == 1)
    expected = plain(model, reranker.processor, TEXTS, noise())
    assert np.ptp(expected) > 0.1
    assert found == pytest.approx(expected, abs=0.05)  # what 8 bits leave


def test_keeps_the_tokens_of_the_vision_transformer(saved):
    reranker = load_reranker(str(saved[0]), device="cpu")

    kept = reranker.prepare(noise(2))

    assert kept.rows.shape == (2, 5, 32)
    assert kept.vectors.shape == (2, 0)
    assert reranker.image_side == 32


def test_its_fingerprint_follows_the_weights(saved):
    folder, model = saved
    before = load_reranker(str(folder), device="cpu").fingerprint
    model.itm_head.bias.data += 1
    model.save_pretrained(folder)

    assert load_reranker(str(folder), device="cpu").fingerprint != before


def test_says_what_is_wrong_with_a_folder(saved, tmp_path):
    folder, _ = saved
    (folder / "model.safetensors").write_bytes(b"broken")
    with pytest.raises(RerankerError, match="Cannot load the re-ranker"):
        load_reranker(str(folder), device="cpu")

    (folder / "config.json").write_text(json.dumps({"architectures": ["GPT2LMHeadModel"]}))
    with pytest.raises(RerankerError, match="There is no re-ranker"):
        load_reranker(str(folder), device="cpu")
    with pytest.raises(RerankerError, match="There is no re-ranker"):
        load_reranker(str(tmp_path / "nowhere"), device="cpu")
