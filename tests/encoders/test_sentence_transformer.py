import json
import os
from shutil import copytree

import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.encoders.registry import load_encoder
from mmsearch.encoders.sentence_transformer import SentenceTransformerEncoder, load_model, transformer_modules
from mmsearch.errors import EncoderError
from mmsearch.nets.folder import save_folder
from tests.encoders.contract import EncoderContract
from tests.encoders.fakes import colour_picture
from tests.encoders.tiny_models import save_clip
from tests.nets.tiny import tiny_network

DUAL = ["clip", "siglip", "siglip2", "chinese_clip", "clip_of_sentence_transformers"]
TEXTS = ["a red dog", "blue", "一只狗在海滩上", "a long way off and seen from above"]


class OfKind(EncoderContract):
    tolerance = 0.03  # bfloat16, where the CPU has it
    kind = ""

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, tiny):
        return load_encoder(str(tiny(cls.kind)), device="cpu")


class TestClip(OfKind):
    kind = "clip"


class TestSiglip(OfKind):
    kind = "siglip"


class TestSiglip2OfAnyResolution(OfKind):
    kind = "siglip2"


class TestChineseClip(OfKind):
    kind = "chinese_clip"


class TestClipOfSentenceTransformers(OfKind):
    kind = "clip_of_sentence_transformers"


def pictures():
    rng = np.random.default_rng(0)
    return [Image.fromarray(rng.integers(0, 255, (h, w, 3), np.uint8)) for h, w in ((40, 60), (64, 33), (32, 32))]


def in_float32(folder):
    return SentenceTransformerEncoder(load_model(folder), name="tiny", fingerprint="00", image_side=32)


def scores_of_transformers(folder, texts, images, **padding):
    """Return cosines, (images, texts), as transformers' own model and processor give them."""
    from transformers import AutoModel, AutoProcessor

    model, processor = AutoModel.from_pretrained(folder).eval(), AutoProcessor.from_pretrained(folder)
    inputs = processor(text=texts, images=images, return_tensors="pt", truncation=True, **padding)
    with torch.inference_mode():
        logits = model(**inputs).logits_per_image
    bias = getattr(model, "logit_bias", torch.zeros(()))
    return ((logits - bias) / model.logit_scale.exp()).detach().numpy()


def padding_of(kind):
    return {"padding": "max_length", "max_length": 64} if kind.startswith("siglip") else {"padding": True}


@pytest.mark.parametrize("kind", DUAL)
def test_scores_are_those_of_transformers(tiny, kind):
    folder = tiny(kind)
    encoder = in_float32(folder)
    network = folder / "0_CLIPModel" if kind == "clip_of_sentence_transformers" else folder

    scores = encoder.encode_images(pictures()) @ encoder.encode_texts(TEXTS).T

    expected = scores_of_transformers(network, TEXTS, pictures(), **padding_of(kind))
    assert np.allclose(scores, expected, atol=1e-5)
    assert expected.std() > 1e-4


@pytest.mark.parametrize("kind", DUAL)
def test_the_fast_type_agrees_with_float32(tiny, kind):
    exact, fast = in_float32(tiny(kind)), load_encoder(str(tiny(kind)), device="cpu")

    texts = (exact.encode_texts(TEXTS) * fast.encode_texts(TEXTS)).sum(1)
    images = (exact.encode_images(pictures()) * fast.encode_images(pictures())).sum(1)

    assert min(*texts, *images) >= 0.999


def resaved(folder, target):
    """Save a SigLIP as sentence-transformers does, which keeps nothing of how texts are padded."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer

    SentenceTransformer(modules=[Transformer(str(folder))], device="cpu").save(str(target), create_model_card=False)
    assert "max_length" not in (target / "sentence_bert_config.json").read_text()
    return target


@pytest.mark.parametrize("way", ["raw folder", "SentenceTransformer folder", "hub id"])
def test_texts_of_siglip_are_padded_to_full_length_however_it_is_loaded(tiny, hub_cache, tmp_path, way):
    folder = tiny("siglip")
    name = str(folder)
    if way == "SentenceTransformer folder":
        name = str(resaved(folder, tmp_path / "resaved"))
    elif way == "hub id":
        hub_cache("some/siglip", folder)
        name = "some/siglip"
    encoder = load_encoder(name, device="cpu")

    scores = encoder.encode_images(pictures()) @ encoder.encode_texts(TEXTS).T

    padded = scores_of_transformers(folder, TEXTS, pictures(), padding="max_length", max_length=64)
    unpadded = scores_of_transformers(folder, TEXTS, pictures(), padding=True)
    assert np.abs(scores - padded).max() < 0.03  # bfloat16
    assert np.abs(scores - unpadded).max() > 0.1


def test_without_full_padding_siglip_would_rank_otherwise(tiny):
    padded = scores_of_transformers(tiny("siglip"), TEXTS, pictures(), padding="max_length", max_length=64)
    unpadded = scores_of_transformers(tiny("siglip"), TEXTS, pictures(), padding=True)

    assert not np.array_equal(padded.argsort(axis=1), unpadded.argsort(axis=1))


def test_texts_of_siglip_are_read_in_lower_case_as_in_training(tiny):
    encoder = load_encoder(str(tiny("siglip")), device="cpu")

    assert np.array_equal(encoder.encode_texts(["A Red DOG"]), encoder.encode_texts(["a red dog"]))


def test_pictures_are_prepared_without_torchvision(tiny):
    for kind in DUAL:
        (network,) = transformer_modules(load_model(tiny(kind)))

        assert type(network.processor.image_processor).__name__.endswith("Pil"), kind


def test_a_large_model_takes_small_batches(tiny, monkeypatch):
    monkeypatch.setattr("mmsearch.encoders.sentence_transformer.LARGE", 10)

    assert in_float32(tiny("clip")).batch_size < SentenceTransformerEncoder.batch_size


def test_the_code_of_a_folder_is_not_run(tmp_path):
    save_folder(tiny_network(), tmp_path / "theirs")
    (tmp_path / "theirs" / "checksums.json").unlink()  # so it is not known as one of ours

    with pytest.raises(EncoderError, match="trust_remote_code"):
        load_encoder(str(tmp_path / "theirs"), device="cpu").load()


@pytest.mark.parametrize("where", ["auto_map", "modules.json"])
def test_code_that_a_config_names_is_not_run(tiny, tmp_path, where):
    folder = copytree(tiny("clip"), tmp_path / "evil")
    (folder / "evil.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')\nclass Evil: ...\n")
    if where == "auto_map":
        config = json.loads((folder / "config.json").read_text())
        config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}}
        (folder / "config.json").write_text(json.dumps(config))
    else:
        (folder / "modules.json").write_text(json.dumps([{"idx": 0, "name": "0", "path": "", "type": "evil.Evil"}]))

    with pytest.raises(EncoderError):
        load_encoder(str(folder), device="cpu").load()
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json", "config.json", "preprocessor_config.json"])
@pytest.mark.parametrize("harm", ["missing", "cut"])
def test_a_damaged_folder_is_refused_with_its_path(tiny, tmp_path, name, harm):
    folder = copytree(tiny("clip"), tmp_path / "harmed")
    if harm == "missing":
        (folder / name).unlink()
    else:
        os.truncate(folder / name, (folder / name).stat().st_size // 2)

    with pytest.raises(EncoderError, match="harmed"):
        load_encoder(str(folder), device="cpu").load()


def test_a_model_of_texts_alone_is_refused_with_what_to_do(tiny):
    with pytest.raises(EncoderError, match=r"takes text only.*encoders pair"):
        load_encoder(str(tiny("multilingual_texts")), device="cpu").load()


def test_a_model_of_pictures_alone_is_refused(tmp_path):
    from transformers import ViTConfig, ViTImageProcessorPil, ViTModel

    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8}
    ViTModel(ViTConfig(image_size=32, patch_size=8, **sizes)).save_pretrained(tmp_path / "vit")
    ViTImageProcessorPil(size={"height": 32, "width": 32}).save_pretrained(tmp_path / "vit")

    with pytest.raises(EncoderError, match="takes image only"):
        load_encoder(str(tmp_path / "vit"), device="cpu").load()


def test_weights_that_do_not_fit_the_config_are_refused(tiny, tmp_path):
    folder = copytree(tiny("clip"), tmp_path / "misfit")
    save_clip(tmp_path / "other", dim=20)
    (folder / "model.safetensors").write_bytes((tmp_path / "other" / "model.safetensors").read_bytes())

    with pytest.raises(EncoderError, match="misfit"):
        load_encoder(str(folder), device="cpu").load()


def test_a_picture_goes_in_as_it_is_seen_whatever_its_mode(tiny):
    encoder = load_encoder(str(tiny("clip")), device="cpu")
    picture = colour_picture("red", (40, 40))

    vectors = encoder.encode_images([picture, picture.convert("P")])

    assert np.allclose(vectors[0], vectors[1], atol=0.03)
