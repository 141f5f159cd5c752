import numpy as np
import pytest

from mmsearch.encoders.pair import pair_encoders
from mmsearch.encoders.presets import ENCODERS
from mmsearch.encoders.registry import list_encoders, load_encoder
from mmsearch.encoders.sentence_transformer import load_model
from mmsearch.errors import BadInput, EncoderError
from tests.encoders.contract import EncoderContract
from tests.encoders.fakes import colour_picture
from tests.encoders.tiny_models import save_multilingual_texts

TEXTS = ["a red dog", "一只狗"]


@pytest.fixture(scope="module")
def pair(tiny, tmp_path_factory):
    output = tmp_path_factory.mktemp("pairs") / "pair"
    pair_encoders(str(tiny("clip_of_sentence_transformers")), str(tiny("multilingual_texts")), output)
    return output


class TestPair(EncoderContract):
    tolerance = 0.03  # bfloat16, where the CPU has it

    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, pair):
        return load_encoder(str(pair), device="cpu")


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_each_input_goes_to_its_own_model(tiny, pair):
    from sentence_transformers import SentenceTransformer

    joined = SentenceTransformer(str(pair), device="cpu")  # as anybody would load it
    picture = colour_picture("red")
    texts, images = load_model(tiny("multilingual_texts")), load_model(tiny("clip_of_sentence_transformers"))

    assert np.allclose(joined.encode(TEXTS), texts.encode(TEXTS), atol=1e-5)
    assert np.allclose(joined.encode([picture]), images.encode([picture]), atol=1e-5)


def test_the_preset_is_a_pair_of_two_models_of_the_cache(tiny, hub_cache, pair):
    hub_cache("sentence-transformers/clip-ViT-B-32", tiny("clip_of_sentence_transformers"))
    assert not installed("multilingual-clip")
    with pytest.raises(EncoderError, match="clip-ViT-B-32-multilingual-v1"):
        load_encoder("multilingual-clip", device="cpu")
    hub_cache("sentence-transformers/clip-ViT-B-32-multilingual-v1", tiny("multilingual_texts"))

    preset, folder = load_encoder("multilingual-clip", device="cpu"), load_encoder(str(pair), device="cpu")

    assert installed("multilingual-clip")
    assert (preset.dim, preset.image_side) == (folder.dim, folder.image_side) == (12, 32)
    assert np.allclose(preset.encode_texts(TEXTS), folder.encode_texts(TEXTS), atol=1e-5)


def installed(name):
    return next(info.installed for info in list_encoders() if info.name == name)


def test_a_siglip_in_a_pair_still_pads_its_texts(tiny, tmp_path):
    pair_encoders(str(tiny("siglip")), str(tiny("siglip")), tmp_path / "pair")

    joined, alone = (load_encoder(str(folder), device="cpu") for folder in (tmp_path / "pair", tiny("siglip")))

    assert np.allclose(joined.encode_texts(TEXTS), alone.encode_texts(TEXTS), atol=1e-3)


def test_models_of_other_widths_are_not_joined(tiny, tmp_path):
    save_multilingual_texts(tmp_path / "wide", dim=20)

    with pytest.raises(EncoderError, match=r"gives 12 numbers for a picture and .* gives 20 for a text"):
        pair_encoders(str(tiny("clip")), str(tmp_path / "wide"), tmp_path / "pair")
    assert not (tmp_path / "pair").exists()


def test_a_model_of_texts_is_no_model_of_pictures(tiny, tmp_path):
    with pytest.raises(EncoderError, match="does not take image"):
        pair_encoders(str(tiny("multilingual_texts")), str(tiny("clip")), tmp_path / "pair")


def test_nothing_is_written_over(tiny, pair):
    with pytest.raises(BadInput, match="exists already"):
        pair_encoders(str(tiny("clip")), str(tiny("multilingual_texts")), pair)


@pytest.mark.parametrize("name", ["no-such-folder", "nobody/nothing"])
def test_what_is_not_there_is_named_with_what_to_do(tiny, tmp_path, name):
    with pytest.raises(BadInput, match=f"encoders download {name}"):
        pair_encoders(str(tiny("clip")), name, tmp_path / "pair")


def test_the_preset_names_both_hub_ids():
    assert ENCODERS["multilingual-clip"].hub_ids == (
        "sentence-transformers/clip-ViT-B-32",
        "sentence-transformers/clip-ViT-B-32-multilingual-v1",
    )
