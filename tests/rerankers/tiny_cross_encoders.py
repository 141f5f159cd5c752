"""Tiny cross-encoders with random weights, in the folders that transformers and sentence-transformers write."""

import json
from pathlib import Path

import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertTokenizerFast,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    Qwen3VLConfig,
    Qwen3VLForConditionalGeneration,
    XLMRobertaConfig,
    XLMRobertaForSequenceClassification,
    XLMRobertaTokenizer,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil
from transformers.models.qwen2_vl.image_processing_pil_qwen2_vl import Qwen2VLImageProcessorPil

WORDS = ("a", "red", "green", "dog", "one", "two", "一", "只", "狗")
_SMALL = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
_ASKS = (
    "{% for m in messages %}{{ m['role'] }} : {% for c in m['content'] %}"
    "{% if c['type'] == 'image' %}PICTURE{% else %}{{ c['text'] }}{% endif %} {% endfor %}{% endfor %}"
)


def save_minilm(folder: Path, labels: int = 1) -> torch.nn.Module:
    """Write a BERT for the classification of pairs, as those of MS MARCO are published: without modules.json."""
    marks = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
    _folder(folder)
    (folder / "vocab.txt").write_text("\n".join((*marks, *WORDS)), encoding="utf8")
    size = len(marks) + len(WORDS)
    config = BertConfig(vocab_size=size, max_position_embeddings=64, num_labels=labels, **_SMALL)
    BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return _saved(BertForSequenceClassification(config), folder)


def save_bge(folder: Path) -> torch.nn.Module:
    """Write an XLM-RoBERTa for the classification of pairs, as bge-reranker is published."""
    pieces = ("<s>", "<pad>", "</s>", "<unk>", *(f"▁{word}" for word in WORDS), "<mask>")
    _folder(folder)
    XLMRobertaTokenizer(vocab=[(piece, -1.0) for piece in pieces]).save_pretrained(folder)
    config = XLMRobertaConfig(
        vocab_size=len(pieces), max_position_embeddings=66, type_vocab_size=1, num_labels=1, **_SMALL
    )
    return _saved(XLMRobertaForSequenceClassification(config), folder)


def save_llava(folder: Path) -> None:
    """Write a LLaVA with a score of its "yes" and "no", as sentence-transformers saves one."""
    tokenizer = _tokenizer("<image>")
    picture = CLIPVisionConfig(**_SMALL, image_size=32, patch_size=16, projection_dim=16)
    text = LlamaConfig(**_SMALL, vocab_size=len(tokenizer), max_position_embeddings=128)
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(
        LlavaConfig(vision_config=picture, text_config=text, image_token_index=_id(tokenizer, "<image>"))
    )
    processor = LlavaProcessor(
        CLIPImageProcessorPil(size={"height": 32, "width": 32}, crop_size={"height": 32, "width": 32}),
        tokenizer,
        patch_size=16,
        vision_feature_select_strategy="default",
        chat_template=_ASKS.replace("PICTURE", "<image>"),
        num_additional_image_tokens=1,
    )
    _folder(folder)
    processor.save_pretrained(folder)
    _saved(model, folder)
    _scored(folder, tokenizer)


def save_qwen(folder: Path) -> None:
    """Write a Qwen3-VL with a score of its "yes" and "no"; its processor reads videos too, which needs torchvision."""
    around = ("<|vision_start|>", "<|image_pad|>", "<|vision_end|>")
    tokenizer = _tokenizer(*around, "<|video_pad|>")
    picture = {
        "depth": 2,
        "hidden_size": 16,
        "intermediate_size": 32,
        "num_heads": 2,
        "patch_size": 16,
        "spatial_merge_size": 2,
        "temporal_patch_size": 2,
        "out_hidden_size": 16,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0],
    }
    rope = {"rope_type": "default", "mrope_section": [2, 1, 1], "rope_theta": 1e4}
    text = {**_SMALL, "vocab_size": len(tokenizer), "num_key_value_heads": 2, "head_dim": 8, "rope_parameters": rope}
    torch.manual_seed(0)
    model = Qwen3VLForConditionalGeneration(
        Qwen3VLConfig(
            vision_config=picture,
            text_config={**text, "max_position_embeddings": 4096},
            image_token_id=_id(tokenizer, "<|image_pad|>"),
            video_token_id=_id(tokenizer, "<|video_pad|>"),
            vision_start_token_id=_id(tokenizer, "<|vision_start|>"),
            vision_end_token_id=_id(tokenizer, "<|vision_end|>"),
        )
    )
    _folder(folder)
    tokenizer.chat_template = _ASKS.replace("PICTURE", "".join(around))
    tokenizer.save_pretrained(folder)
    pixels = Qwen2VLImageProcessorPil(size={"shortest_edge": 32 * 32, "longest_edge": 96 * 96}, patch_size=16)
    pixels.save_pretrained(folder)
    _saved(model, folder)
    _scored(folder, tokenizer)


def _folder(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)


def _tokenizer(*marks: str) -> PreTrainedTokenizerFast:
    """Return one of words, with some marks besides."""
    words = ["<pad>", "<unk>", "<s>", "</s>", *marks, "yes", "no", ":", "query", "document", *WORDS]
    pad, unknown, start, end = words[:4]
    whole = Tokenizer(models.WordLevel({word: at for at, word in enumerate(words)}, unk_token=unknown))
    whole.pre_tokenizer = pre_tokenizers.Whitespace()
    return PreTrainedTokenizerFast(
        tokenizer_object=whole,
        pad_token=pad,
        unk_token=unknown,
        bos_token=start,
        eos_token=end,
        additional_special_tokens=list(marks),
    )


def _id(tokenizer: PreTrainedTokenizerFast, word: str) -> int:
    return tokenizer.convert_tokens_to_ids(word)


def _saved(model: torch.nn.Module, folder: Path) -> torch.nn.Module:
    """Write a model whose weights are louder than usual, so that pairs differ."""
    torch.manual_seed(0)
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.3)
    model.eval().save_pretrained(folder)
    return model


def _scored(folder: Path, tokenizer: PreTrainedTokenizerFast) -> None:
    """Add what makes a model that continues texts a cross-encoder: the log-odds of "yes" against "no"."""
    parts = "sentence_transformers"
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": f"{parts}.base.modules.transformer.Transformer"},
        {
            "idx": 1,
            "name": "1",
            "path": "1_LogitScore",
            "type": f"{parts}.cross_encoder.modules.logit_score.LogitScore",
        },
    ]
    modality = {"method": "forward", "method_output_name": "logits"}
    (folder / "1_LogitScore").mkdir()
    files = {
        "modules.json": modules,
        "config_sentence_transformers.json": {
            "model_type": "CrossEncoder",
            "activation_fn": "torch.nn.modules.activation.Sigmoid",
            "prompts": {},
        },
        "sentence_bert_config.json": {
            "transformer_task": "any-to-any",
            "modality_config": {
                "text": modality,
                "image": modality,
                "message": {**modality, "format": "structured"},
            },
            "module_output_name": "causal_logits",
        },
        "1_LogitScore/config.json": {
            "true_token_id": _id(tokenizer, "yes"),
            "false_token_id": _id(tokenizer, "no"),
            "module_input_name": "causal_logits",
        },
    }
    for name, said in files.items():
        (folder / name).write_text(json.dumps(said), encoding="utf8")
