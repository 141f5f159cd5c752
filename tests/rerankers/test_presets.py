"""What the presets state is what their published configurations give."""

import pytest
import torch
import transformers

from mmsearch.rerankers.presets import RERANKERS
from mmsearch.rerankers.registry import BUNDLED_RERANKER

LARGE = {"hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24}
BLIP_LARGE = {"text_config": {"encoder_hidden_size": 1024}, "vision_config": LARGE}
MINI = {"hidden_size": 384, "intermediate_size": 1536, "num_attention_heads": 12, "num_hidden_layers": 6}
QWEN_TEXT = {
    "vocab_size": 151_936,
    "hidden_size": 2048,
    "intermediate_size": 6144,
    "num_hidden_layers": 28,
    "num_attention_heads": 16,
    "num_key_value_heads": 8,
    "head_dim": 128,
}
QWEN_PICTURE = {
    "depth": 24,
    "hidden_size": 1024,
    "intermediate_size": 4096,
    "num_heads": 16,
    "out_hidden_size": 2048,
    "deepstack_visual_indexes": [5, 11, 17],
}
SHAPES = {  # network and sizes as config.json of the hub states them; what is left out is transformers' default
    "blip-coco": ("Blip", "ForImageTextRetrieval", {}),
    "blip-flickr": ("Blip", "ForImageTextRetrieval", {}),
    "blip-large-coco": ("Blip", "ForImageTextRetrieval", BLIP_LARGE),
    "blip-large-flickr": ("Blip", "ForImageTextRetrieval", BLIP_LARGE),
    "blip2": (
        "Blip2",
        "ForImageTextRetrieval",
        {"qformer_config": {"use_qformer_text_input": True, "vocab_size": 30_523}, "image_text_hidden_size": 256},
    ),
    "qwen3-vl-2b": (
        "Qwen3VL",
        "ForConditionalGeneration",
        {"text_config": QWEN_TEXT, "vision_config": QWEN_PICTURE, "tie_word_embeddings": True},
    ),
    "minilm": ("Bert", "ForSequenceClassification", {**MINI, "num_labels": 1}),
    "bge-m3": (
        "XLMRoberta",
        "ForSequenceClassification",
        {**LARGE, "vocab_size": 250_002, "max_position_embeddings": 8194, "type_vocab_size": 1, "num_labels": 1},
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_size_is_that_of_the_configuration(name):
    kind, task, sizes = SHAPES[name]
    config = getattr(transformers, f"{kind}Config")(**sizes)
    with torch.device("meta"):  # no weight is drawn
        model = getattr(transformers, f"{kind}{task}")(config)
    model.tie_weights()

    assert round(4 * sum(weight.numel() for weight in model.parameters()) / 1e6) == RERANKERS[name].size_mb


def test_the_size_of_the_bundled_one_is_that_of_its_files():
    weights = sum(path.stat().st_size for path in BUNDLED_RERANKER.glob("*.safetensors"))

    assert round(weights / 1e6) == RERANKERS["bundled"].size_mb
    assert SHAPES.keys() | {"bundled"} == RERANKERS.keys()
