"""The bundled kind of encoder: a picture tower, a text tower, and a head on each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from hashlib import blake2b
from pathlib import Path

import torch
from PIL import Image
from tokenizers import Tokenizer
from torch import Tensor, nn

from .efficientnet_lite import FEATURES, EfficientNetLite
from .heads import Head
from .pictures import normalised, squares
from .rows8 import SCALE, decode_rows, encode_rows, load_tensors, save_tensors
from .text_tower import BertTower, RowEmbedding, TextShape
from .tokens import load_tokenizer, token_ids

CONFIG, TOKENIZER, CHECKSUMS = "config.json", "tokenizer.json", "checksums.json"
FORMAT = 1  # raised when the same files would give other vectors
_WORDS = "text.embeddings.word_embeddings."


@dataclass(frozen=True)
class DualShape:
    """All sizes of a network; `config.json` holds them."""

    text: TextShape
    width: float = 1.1  # of the picture tower, times B0's channels
    depth: float = 1.2  # of the picture tower, times B0's repeats
    side: int = 260  # pixels
    dim: int = 512  # of the common space
    image_hidden: int = 1024  # inside the heads
    text_hidden: int = 1024
    max_tokens: int = 128  # of a text; the rest is not read
    prefix: str = "query: "  # what the text tower expects in front of every text

    @classmethod
    def from_json(cls, text: str) -> "DualShape":
        """Read what `to_json` wrote."""
        fields = json.loads(text)
        fields.pop("format")
        return cls(text=TextShape(**fields.pop("text")), **fields)

    def to_json(self) -> str:
        """Return it as a JSON object."""
        return json.dumps({"format": FORMAT, **asdict(self)}, indent=2) + "\n"


class DualNetwork(nn.Module):
    """Pictures and texts to unit vectors in one space.

    The towers run in the type of their weights, the heads in float32.
    """

    def __init__(self, shape: DualShape, tokenizer: Tokenizer) -> None:
        super().__init__()
        self.shape, self.tokenizer = shape, tokenizer
        self.image = EfficientNetLite(shape.width, shape.depth)
        self.text = BertTower(shape.text)
        self.image_head = Head(FEATURES, shape.dim, shape.image_hidden)
        self.text_head = Head(shape.text.hidden_size, shape.dim, shape.text_hidden)

    def pixels(self, images: Sequence[Image.Image]) -> Tensor:
        """Prepare pictures of any mode and size: (B, 3, side, side) uint8."""
        return squares(images, self.shape.side)

    def tokens(self, texts: Sequence[str]) -> tuple[Tensor, Tensor]:
        """Prepare texts: ids (B, L) and mask (B, L)."""
        return token_ids(self.tokenizer, [self.shape.prefix + text for text in texts])

    def image_features(self, pixels: Tensor) -> Tensor:
        """Return the picture tower's features, (B, 1280) float32, for pixels as `pixels` gives them."""
        weight = self.image.stem.weight
        features: Tensor = self.image(normalised(pixels.to(weight.device), weight.dtype))
        return features

    def text_features(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return the text tower's features, (B, D) float32, for ids and mask as `tokens` gives them."""
        device = self.text.embeddings.LayerNorm.weight.device
        features: Tensor = self.text(ids.to(device), mask.to(device))
        return features

    def encode_pixels(self, pixels: Tensor) -> Tensor:
        """Return unit vectors, (B, dim) float32."""
        vectors: Tensor = self.image_head(self.image_features(pixels))
        return vectors

    def encode_tokens(self, ids: Tensor, mask: Tensor) -> Tensor:
        """Return unit vectors, (B, dim) float32."""
        vectors: Tensor = self.text_head(self.text_features(ids, mask))
        return vectors


def towers_dtype(device: torch.device) -> torch.dtype:
    """Return bfloat16 where the hardware multiplies it, else float32."""
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float32
    probes = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")  # torch has no public name for them yet
    able = device.type == "cpu" and any(getattr(torch.cpu, probe, bool)() for probe in probes)
    return torch.bfloat16 if able else torch.float32


def set_precision(network: DualNetwork, device: torch.device, dtype: torch.dtype) -> DualNetwork:
    """Move to a device, the towers in `dtype`, and lay the picture tower out as its kernels like it."""
    network.to(device)
    network.text.to(dtype)
    network.image.to(dtype)
    network.image.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from the stubs
    return network


def _in_rows(name: str, tensor: Tensor) -> bool:
    """Say whether a weight is kept in 8-bit rows: the matrices of the text tower and of the heads."""
    return (
        tensor.ndim == 2 and not name.startswith("image.") and tensor.is_floating_point() and not name.endswith(SCALE)
    )


def stored_tensors(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return a state dict as it lies on disk: 8-bit rows with their scales, float16 for the rest."""
    stored: dict[str, Tensor] = {}
    for name, tensor in state.items():
        if name == f"{_WORDS}rows":
            stored[f"{_WORDS}weight"] = tensor
        elif name == f"{_WORDS}scale":
            stored[f"{_WORDS}weight{SCALE}"] = tensor.half()  # a network that was trained further holds it in float32
        elif _in_rows(name, tensor):
            stored[name], stored[name + SCALE] = encode_rows(tensor)
        else:
            stored[name] = tensor.float().half()
    return stored


def weights_of(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Undo `stored_tensors`, in float32; 8-bit rows are decoded."""
    return {
        name: decode_rows(tensor, stored[name + SCALE]) if name + SCALE in stored else tensor.float()
        for name, tensor in stored.items()
        if not name.endswith(SCALE)
    }


def save_network(network: DualNetwork, folder: Path) -> None:
    """Write config, tokenizer, weights and their checksums into a folder that exists."""
    (folder / CONFIG).write_text(network.shape.to_json(), encoding="utf8")
    network.tokenizer.save(str(folder / TOKENIZER), pretty=False)
    save_tensors(folder, {name: tensor.cpu() for name, tensor in stored_tensors(network.state_dict()).items()})
    (folder / CHECKSUMS).write_text(json.dumps(checksums(folder), indent=2) + "\n", encoding="utf8")


def checksums(folder: Path, with_tokenizer: bool = True) -> dict[str, str]:
    """Return the BLAKE2b of every file that the results depend on, by name."""
    texts = [folder / CONFIG, folder / TOKENIZER] if with_tokenizer else [folder / CONFIG]
    files = [*texts, *sorted(folder.glob("weights-*.safetensors"))]
    return {path.name: blake2b(path.read_bytes(), digest_size=16).hexdigest() for path in files}


def load_network(folder: Path, device: torch.device, dtype: torch.dtype | None = None) -> DualNetwork:
    """Read what `save_network` wrote, ready for inference.

    Args:
        folder: A folder that `save_network` wrote.
        device: Where it is to run.
        dtype: Of the towers; None for the fastest that the device is good at.

    Raises:
        OSError: If a file is missing.
        RuntimeError: If the weights do not fit the config.
    """
    dtype = dtype or towers_dtype(device)
    shape = DualShape.from_json((folder / CONFIG).read_text(encoding="utf8"))
    with torch.device("meta"):  # nothing is drawn at random only to be overwritten
        network = DualNetwork(shape, load_tokenizer(folder / TOKENIZER, shape.max_tokens))
    stored = load_tensors(folder)
    words = stored.pop(f"{_WORDS}weight", torch.empty(0)), stored.pop(f"{_WORDS}weight{SCALE}", torch.empty(0))
    network.text.embeddings.word_embeddings = RowEmbedding(*words)
    weights = weights_of(stored) | {f"{_WORDS}rows": words[0], f"{_WORDS}scale": words[1]}
    network.load_state_dict(weights, assign=True)
    return set_precision(network.requires_grad_(False).eval(), device, dtype)
