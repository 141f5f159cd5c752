"""A whole network in a few hundred kilobytes, with random weights."""

import string

import torch

from mmsearch.nets.dual_network import DualNetwork, DualShape
from mmsearch.nets.text_tower import TextShape
from mmsearch.training.vocabulary import build_tokenizer

PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    *string.ascii_letters,
    *string.digits,
    *":,.!?'- ",
    *"红绿蓝黄黑白色的图片",
]


def tiny_tokenizer(max_tokens=32):
    tokenizer = build_tokenizer(PIECES, [0.0] * 4 + [-5.0] * (len(PIECES) - 4))
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def tiny_shape():
    text = TextShape(
        vocab_size=len(PIECES),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=40,
    )
    return DualShape(text=text, width=0.1, depth=0.1, side=33, dim=12, image_hidden=8, text_hidden=8, max_tokens=32)


def tiny_network(seed=0):
    """Return an untrained network whose vectors differ from input to input."""
    torch.manual_seed(seed)
    network = DualNetwork(tiny_shape(), tiny_tokenizer()).eval().requires_grad_(False)
    for parameter in network.image.parameters():
        parameter.mul_(3)  # else a deep random network says the same about every picture
    return network
