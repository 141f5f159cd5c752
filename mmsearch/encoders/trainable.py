"""Dual encoders as networks whose weights can be changed: our own kind, and any that sentence-transformers loads."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.encoders.folder import is_aligned, is_ours, open_folder
from mmsearch.encoders.model_folder import image_side
from mmsearch.encoders.pair import join
from mmsearch.encoders.registry import model_folders
from mmsearch.encoders.sentence_transformer import UNKNOWN_SIDE, SentenceTransformerEncoder, load_model, set_speed
from mmsearch.errors import EncoderError
from mmsearch.nets.dual_network import DualNetwork, set_precision, towers_dtype
from mmsearch.nets.folder import save_folder

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

_NOTICE = "NOTICE.md"  # says under which terms the weights of our own kind may be passed on
_HEADS = ("visual_projection", "text_projection", "vision_model.head", "text_model.head")  # in CLIP's and SigLIP's kin
_DENSE = "linear"  # in the module `Dense` of sentence-transformers


class TrainableEncoder(ABC):
    """A dual encoder in float32 whose vectors have gradients.

    Args:
        network: Everything that has weights.
        side: Pixels that it makes use of on a picture's shorter side.
    """

    def __init__(self, network: nn.Module, side: int) -> None:
        self.network, self.side = network.eval(), side  # what is small and trained already needs no dropout

    @property
    def device(self) -> torch.device:
        """Where it runs."""
        return next(self.network.parameters()).device

    @abstractmethod
    def encode_images(self, images: Sequence[Image.Image]) -> Tensor:
        """Return the unit vectors of pictures, (B, D) float32."""

    @abstractmethod
    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """Return the unit vectors of texts, (T, D) float32."""

    @abstractmethod
    def heads(self) -> list[str]:
        """Return the names of the modules between the towers and the common space, none if it has none."""

    @abstractmethod
    def adaptable(self) -> list[str]:
        """Return the names of the layers of the towers that low-rank adapters may stand beside."""

    @abstractmethod
    def speed_up(self) -> None:
        """Run in the type that the machine is good at."""

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write a folder that `load_encoder` opens.

        Raises:
            OSError: If it cannot be written.
        """


class TrainableNetwork(TrainableEncoder):
    """A network of `mmsearch.nets`.

    Args:
        network: In float32.
        start: Folder that it was read from; its notice goes along.
    """

    def __init__(self, network: DualNetwork, start: Path) -> None:
        super().__init__(network, network.shape.side)
        self.dual, self.start = network, start

    def encode_images(self, images: Sequence[Image.Image]) -> Tensor:
        """Return the unit vectors of pictures, (B, D) float32."""
        return self.dual.encode_pixels(self.dual.pixels(images))

    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """Return the unit vectors of texts, (T, D) float32."""
        return self.dual.encode_tokens(*self.dual.tokens(texts))

    def heads(self) -> list[str]:
        """Return the names of both heads."""
        return ["image_head", "text_head"]

    def adaptable(self) -> list[str]:
        """Return the matrices of the text tower and the narrowing convolutions of the picture tower."""
        return [
            name
            for name, module in self.dual.named_modules()
            if (name.startswith("text.") and isinstance(module, nn.Linear))
            or (name.startswith("image.") and name.endswith(".project"))  # plain 1 × 1 convolutions
        ]

    def speed_up(self) -> None:
        """Run the towers in the type that the machine is good at."""
        set_precision(self.dual, self.device, towers_dtype(self.device))

    def save(self, folder: Path) -> None:
        """Write a folder of our own kind."""
        save_folder(self.dual, folder)
        if (self.start / _NOTICE).is_file():
            copyfile(self.start / _NOTICE, folder / _NOTICE)


class TrainableModel(TrainableEncoder):
    """A model of sentence-transformers, such as CLIP or SigLIP.

    Args:
        model: In float32.
        side: Pixels that it makes use of on a picture's shorter side.
    """

    def __init__(self, model: "SentenceTransformer", side: int) -> None:
        super().__init__(model, side)
        self.model = model

    def _encode(self, inputs: "list[str] | list[Image.Image]") -> Tensor:
        weight = next(self.model.parameters())
        prepared = {
            name: value.to(weight.device, weight.dtype if value.is_floating_point() else None)
            if isinstance(value, Tensor)
            else value
            for name, value in self.model.preprocess(inputs).items()
        }
        return F.normalize(self.model(prepared)["sentence_embedding"].float(), dim=-1)

    def encode_images(self, images: Sequence[Image.Image]) -> Tensor:
        """Return the unit vectors of pictures, (B, D) float32."""
        return self._encode([image.convert("RGB") for image in images])

    def encode_texts(self, texts: Sequence[str]) -> Tensor:
        """Return the unit vectors of texts, (T, D) float32."""
        return self._encode(list(texts))

    def heads(self) -> list[str]:
        """Return the names of the projections, of SigLIP's pooling heads and of dense modules."""
        return [
            name
            for name, module in self.model.named_modules()
            if name.endswith(_HEADS) or (name.endswith(f".{_DENSE}") and isinstance(module, nn.Linear))
        ]

    def adaptable(self) -> list[str]:
        """Return all matrices of the towers."""
        heads = tuple(f"{name}." for name in self.heads())
        return [
            name
            for name, module in self.model.named_modules()
            if isinstance(module, nn.Linear) and not f"{name}.".startswith(heads)
        ]

    def speed_up(self) -> None:
        """Run in the type that the machine is good at, where every network of the model can."""
        set_speed(self.model, str(self.device))

    def save(self, folder: Path) -> None:
        """Write a folder of sentence-transformers."""
        self.model.save(str(folder), create_model_card=False)


def open_trainable(name: str, *, device: str = "auto") -> TrainableEncoder:
    """Open an encoder to train it further; nothing is downloaded.

    Args:
        name: As `load_encoder` takes it.
        device: "auto" (CUDA where there is one), "cpu", "cuda", …

    Raises:
        UnknownName: If there is no such encoder.
        EncoderError: If it is not on this machine, cannot be loaded or is no encoder of pictures and texts.
    """
    folders = model_folders(name)
    if is_aligned(folders[0]):
        raise EncoderError(
            f"{name} was made by `mmsearch align` of encoders that stay as they are. Train the encoder that it "
            "stands on, then align again."
        )
    if is_ours(folders[0]):
        return TrainableNetwork(open_folder(folders[0], device=device, dtype=torch.float32).network, folders[0])
    model = load_model(folders[0], device) if len(folders) == 1 else join(folders[0], folders[1], device)
    described = [path.parent for path in folders[0].rglob("*processor_config.json")]
    side = max(map(image_side, [folders[0], *described])) or UNKNOWN_SIDE
    SentenceTransformerEncoder(model, name=name, fingerprint="", image_side=side)  # refuses what is no dual encoder
    return TrainableModel(model.float(), side)
