"""What the presets state is what their published configurations give."""

import pytest
import torch

from mmsearch.encoders.model_folder import _width
from mmsearch.encoders.presets import ENCODERS

BERT = {"vocab_size": 21128}
LARGE = {"hidden_size": 1024, "intermediate_size": 4096, "num_attention_heads": 16, "num_hidden_layers": 24}
GEMMA = {"vocab_size": 256_000}
SO400M = {"hidden_size": 1152, "intermediate_size": 4304, "num_attention_heads": 16, "num_hidden_layers": 27}
SHAPES = {  # architecture and sizes as config.json of the hub states them; what is left out is transformers' default
    "clip-vit-b32": ("CLIP", {}),
    "clip-vit-l14": (
        "CLIP",
        {
            "projection_dim": 768,
            "text_config": {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12},
            "vision_config": {**LARGE, "patch_size": 14},
        },
    ),
    "siglip2-base": ("Siglip", {"text_config": GEMMA, "vision_config": {"image_size": 256, "patch_size": 16}}),
    "siglip2-so400m": (
        "Siglip",
        {"text_config": {**SO400M, **GEMMA}, "vision_config": {**SO400M, "image_size": 384, "patch_size": 14}},
    ),
    "chinese-clip-base": (
        "ChineseCLIP",
        {"projection_dim": 512, "text_config": BERT, "vision_config": {"patch_size": 16}},
    ),
    "chinese-clip-large": (
        "ChineseCLIP",
        {"projection_dim": 768, "text_config": BERT, "vision_config": {**LARGE, "patch_size": 14}},
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_size_and_width_are_those_of_the_configuration(name):
    import transformers

    kind, sizes = SHAPES[name]
    config = getattr(transformers, f"{kind}Config")(**sizes)
    with torch.device("meta"):  # no weight is drawn
        model = getattr(transformers, f"{kind}Model")(config)

    assert round(4 * sum(weight.numel() for weight in model.parameters()) / 1e6) == ENCODERS[name].size_mb
    assert _width(config.to_dict()) == ENCODERS[name].dim


def test_the_names_are_those_that_people_know():
    assert list(ENCODERS) == [
        "bundled",
        "clip-vit-b32",
        "clip-vit-l14",
        "siglip2-base",
        "siglip2-so400m",
        "chinese-clip-base",
        "chinese-clip-large",
        "multilingual-clip",
    ]
