"""Tiny BLIP and BLIP-2 matchers with random weights, in the folders that transformers writes."""

from pathlib import Path

import torch
from transformers import (
    BertTokenizerFast,
    Blip2Config,
    Blip2ForImageTextRetrieval,
    Blip2Processor,
    BlipConfig,
    BlipForImageTextRetrieval,
    BlipProcessor,
)
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "dog", "one", "two")
_VISION = {
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "image_size": 32,
    "patch_size": 16,
}
_TEXT = {
    "vocab_size": len(WORDS),
    "hidden_size": 16,
    "encoder_hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 80,
    "pad_token_id": 0,
}


def save_blip(folder: Path) -> torch.nn.Module:
    """Write a BLIP and return its network."""
    text = {**_TEXT, "bos_token_id": 2, "eos_token_id": 3, "sep_token_id": 3}
    config = BlipConfig(text_config=text, vision_config=_VISION, projection_dim=8, image_text_hidden_size=8)
    return _saved(BlipForImageTextRetrieval, config, BlipProcessor, folder)


def save_blip2(folder: Path) -> torch.nn.Module:
    """Write a BLIP-2 and return its network."""
    reads = {**_TEXT, "use_qformer_text_input": True, "cross_attention_frequency": 1}
    config = Blip2Config(qformer_config=reads, vision_config=_VISION, num_query_tokens=4, image_text_hidden_size=8)
    return _saved(Blip2ForImageTextRetrieval, config, Blip2Processor, folder)


def _saved(model_class: type, config: object, processor_class: type, folder: Path) -> torch.nn.Module:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.txt").write_text("\n".join(WORDS), encoding="utf8")
    torch.manual_seed(0)
    model = model_class(config).eval()
    for weight in model.parameters():
        if weight.dim() > 1:
            torch.nn.init.normal_(weight, std=0.3)  # louder than usual, so that pairs differ
    model.save_pretrained(folder)
    pictures = BlipImageProcessorPil(size={"height": 32, "width": 32})
    processor_class(pictures, BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))).save_pretrained(folder)
    return model
