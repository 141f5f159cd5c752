import pytest
import torch

from mmsearch.encoders.registry import load_encoder
from mmsearch.encoders.sentence_transformer import SentenceTransformerEncoder
from mmsearch.errors import EncoderError
from mmsearch.nets.folder import save_folder
from tests.encoders.contract import EncoderContract
from tests.nets.tiny import tiny_network


def save_tiny_clip(folder):
    """Write a randomly initialised CLIP as sentence-transformers saves it."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import (
        CLIPConfig,
        CLIPImageProcessor,
        CLIPModel,
        CLIPProcessor,
        CLIPTextConfig,
        CLIPVisionConfig,
        PreTrainedTokenizerFast,
    )

    alphabet = pre_tokenizers.ByteLevel.alphabet()
    pieces = {piece: i for i, piece in enumerate(["<s>", "</s>", *sorted(alphabet)])}
    backend = Tokenizer(models.BPE(pieces, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    ends = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=32, **ends)
    sizes = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    text = CLIPTextConfig(
        vocab_size=len(pieces), max_position_embeddings=32, bos_token_id=0, eos_token_id=1, pad_token_id=1, **sizes
    )
    vision = CLIPVisionConfig(image_size=32, patch_size=8, **sizes)
    torch.manual_seed(0)
    model = CLIPModel(CLIPConfig(text_config=text.to_dict(), vision_config=vision.to_dict(), projection_dim=12))
    images = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    raw = folder.with_name("raw")
    model.save_pretrained(raw)
    CLIPProcessor(images, tokenizer).save_pretrained(raw)
    SentenceTransformer(modules=[Transformer(str(raw))], device="cpu").save(str(folder), create_model_card=False)


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    folder = tmp_path_factory.mktemp("clip") / "tiny-clip"
    save_tiny_clip(folder)
    return folder


class TestSentenceTransformerEncoder(EncoderContract):
    @pytest.fixture(scope="class")
    @classmethod
    def encoder(cls, clip):
        return load_encoder(str(clip), device="cpu")


def test_the_code_of_a_folder_is_not_run(tmp_path):
    save_folder(tiny_network(), tmp_path / "theirs")
    (tmp_path / "theirs" / "checksums.json").unlink()  # so it is not known as one of ours

    with pytest.raises(EncoderError, match="trust_remote_code"):
        load_encoder(str(tmp_path / "theirs"))


def test_a_model_that_is_not_on_this_machine_is_named_with_the_way_to_get_it(monkeypatch, tmp_path):
    with pytest.raises(EncoderError, match="hf download nobody/nothing-of-the-kind"):
        SentenceTransformerEncoder("nobody/nothing-of-the-kind", device="cpu")


def test_another_folder_has_another_fingerprint(clip, tmp_path):
    from shutil import copytree

    copytree(clip, tmp_path / "copy")
    same = load_encoder(str(tmp_path / "copy"), device="cpu").fingerprint
    weights = tmp_path / "copy" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-4] + b"\0\0\0\0")
    other = load_encoder(str(tmp_path / "copy"), device="cpu").fingerprint

    assert load_encoder(str(clip), device="cpu").fingerprint == same != other
