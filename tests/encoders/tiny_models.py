"""Randomly initialised models of each architecture, in the format that its authors publish."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

TOWER = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
PICTURE = {"image_size": 32, "patch_size": 8}
GEMMA_IDS = {"pad_token_id": 0, "eos_token_id": 1, "bos_token_id": 2}
LETTERS = [*"abcdefghijklmnopqrstuvwxyz", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ", *"红绿蓝色的图片一只狗猫在海滩上"]


def byte_tokenizer(length=32):
    """Return CLIP's kind of tokenizer, with letters for words."""
    from transformers import PreTrainedTokenizerFast

    pieces = {piece: i for i, piece in enumerate(["<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())])}
    backend = Tokenizer(models.BPE(pieces, []))
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 1)]
    )
    ends = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "</s>"}
    return PreTrainedTokenizerFast(tokenizer_object=backend, model_max_length=length, **ends)


def gemma_tokenizer():
    """Return SigLIP 2's kind: it ends texts with <eos>, minds case, returns no mask, and names no length."""
    from transformers import PreTrainedTokenizerFast

    pieces = {piece: i for i, piece in enumerate(["<pad>", "<eos>", "<bos>", "<unk>", "▁", *LETTERS])}
    backend = Tokenizer(models.BPE(pieces, [], unk_token="<unk>", fuse_unk=True))  # noqa: S106, no password
    backend.normalizer = normalizers.Replace(" ", "▁")
    backend.post_processor = processors.TemplateProcessing(single="$A <eos>", special_tokens=[("<eos>", 1)])
    ends = {"bos_token": "<bos>", "eos_token": "<eos>", "pad_token": "<pad>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, padding_side="right", model_input_names=["input_ids"], **ends
    )


def bert_vocabulary(folder):
    folder.mkdir(parents=True, exist_ok=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS[:26])]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n", encoding="utf8")
    return len(words)


def bert_tokenizer(folder):
    from transformers import BertTokenizer

    bert_vocabulary(folder)
    return BertTokenizer(str(folder / "vocab.txt"), do_lower_case=True, model_max_length=32)


def make_published(folder):
    """Rewrite what transformers 5 saved as hub folders have it: a preprocessor_config.json of its own."""
    said = json.loads((folder / "processor_config.json").read_text(encoding="utf8"))
    pictures = said["image_processor"]
    pictures["image_processor_type"] = pictures["image_processor_type"].removesuffix("Pil") + "Fast"
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures), encoding="utf8")
    (folder / "processor_config.json").unlink()


def make_old(folder, extractor):
    """Rewrite it as the hub has models of 2021 and 2022: a feature extractor, weights in a .bin."""
    pictures = json.loads((folder / "preprocessor_config.json").read_text(encoding="utf8"))
    del pictures["image_processor_type"]
    pictures["feature_extractor_type"] = extractor
    (folder / "preprocessor_config.json").write_text(json.dumps(pictures), encoding="utf8")
    torch.save(load_file(folder / "model.safetensors"), folder / "pytorch_model.bin")
    (folder / "model.safetensors").unlink()


def save_clip(folder: Path, dim=12, seed=0):
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel, CLIPProcessor

    tokenizer = byte_tokenizer()
    text = {**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 32}
    text |= {"bos_token_id": 0, "eos_token_id": 1, "pad_token_id": 1}
    torch.manual_seed(seed)
    CLIPModel(CLIPConfig(text_config=text, vision_config={**TOWER, **PICTURE}, projection_dim=dim)).save_pretrained(
        folder
    )
    pictures = CLIPImageProcessorPil(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(pictures, tokenizer).save_pretrained(folder)
    make_published(folder)


def save_siglip(folder: Path):
    """Write a SigLIP 2 of fixed resolution, which is a `siglip` with Gemma's tokenizer."""
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel, SiglipProcessor

    tokenizer = gemma_tokenizer()
    text = {**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 64, **GEMMA_IDS}
    torch.manual_seed(0)
    SiglipModel(SiglipConfig(text_config=text, vision_config={**TOWER, **PICTURE})).save_pretrained(folder)
    SiglipProcessor(SiglipImageProcessorPil(size={"height": 32, "width": 32}), tokenizer).save_pretrained(folder)
    make_published(folder)
    settings = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf8"))
    del settings["backend"]
    settings |= {"tokenizer_class": "GemmaTokenizer", "add_bos_token": False, "add_eos_token": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings), encoding="utf8")


def save_siglip2(folder: Path):
    """Write a SigLIP 2 of any resolution (NaFlex)."""
    from transformers import Siglip2Config, Siglip2ImageProcessorPil, Siglip2Model, Siglip2Processor

    tokenizer = gemma_tokenizer()
    text = {**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 64, **GEMMA_IDS}
    torch.manual_seed(0)
    vision = {**TOWER, "num_patches": 16, "patch_size": 16}
    Siglip2Model(Siglip2Config(text_config=text, vision_config=vision)).save_pretrained(folder)
    pictures = Siglip2ImageProcessorPil(patch_size=16, max_num_patches=256)
    Siglip2Processor(pictures, tokenizer).save_pretrained(folder)
    make_published(folder)


def save_chinese_clip(folder: Path):
    from transformers import (
        ChineseCLIPConfig,
        ChineseCLIPImageProcessorPil,
        ChineseCLIPModel,
        ChineseCLIPProcessor,
    )

    tokenizer = bert_tokenizer(folder)
    text = {**TOWER, "vocab_size": len(tokenizer), "max_position_embeddings": 32}
    torch.manual_seed(0)
    ChineseCLIPModel(
        ChineseCLIPConfig(text_config=text, vision_config={**TOWER, **PICTURE}, projection_dim=12)
    ).save_pretrained(folder)
    pictures = ChineseCLIPImageProcessorPil(size={"height": 32, "width": 32}, do_center_crop=False)
    ChineseCLIPProcessor(pictures, tokenizer).save_pretrained(folder)
    make_published(folder)
    make_old(folder, "ChineseCLIPFeatureExtractor")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (folder / name).unlink()  # of the tokenizer, the authors publish the vocabulary alone


def save_clip_of_sentence_transformers(folder: Path):
    """Write the format of sentence-transformers/clip-ViT-B-32: one module in `0_CLIPModel`."""
    save_clip(folder / "0_CLIPModel")
    make_old(folder / "0_CLIPModel", "CLIPFeatureExtractor")
    pictures = json.loads((folder / "0_CLIPModel" / "preprocessor_config.json").read_text(encoding="utf8"))
    pictures |= {"size": 32, "crop_size": 32}
    (folder / "0_CLIPModel" / "preprocessor_config.json").write_text(json.dumps(pictures), encoding="utf8")
    module = {"idx": 0, "name": "0", "path": "0_CLIPModel", "type": "sentence_transformers.models.CLIPModel"}
    (folder / "modules.json").write_text(json.dumps([module]), encoding="utf8")


def save_multilingual_texts(folder: Path, dim=12):
    """Write the format of sentence-transformers/clip-ViT-B-32-multilingual-v1: DistilBERT, mean, Dense."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.base.modules import Dense, Transformer
    from sentence_transformers.sentence_transformer.modules import Pooling
    from transformers import DistilBertConfig, DistilBertModel

    raw = folder.with_name(f"{folder.name}-raw")
    tokenizer = bert_tokenizer(raw)
    torch.manual_seed(0)
    sizes = {"dim": 16, "hidden_dim": 32, "n_layers": 2, "n_heads": 2, "max_position_embeddings": 32}
    DistilBertModel(DistilBertConfig(vocab_size=len(tokenizer), **sizes)).save_pretrained(raw)
    tokenizer.save_pretrained(raw)
    dense = Dense(16, dim, bias=False, activation_function=torch.nn.Identity())
    model = SentenceTransformer(modules=[Transformer(str(raw)), Pooling(16), dense], device="cpu")
    model.save(str(folder), create_model_card=False)
