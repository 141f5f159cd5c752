"""The network as a module of a `SentenceTransformer`, for everyone who does not have mmsearch.

This file and those it imports are copied into every saved folder.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import torch
from PIL import Image
from sentence_transformers.base.modules import InputModule
from torch import Tensor

from .dual_network import DualNetwork, load_network, save_network


class DualEncoderModule(InputModule):
    """Pictures (`PIL.Image`) or texts (`str`) to unit vectors."""

    def __init__(self, network: DualNetwork) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.network = network
        self.tokenizer = network.tokenizer

    @property
    def modalities(self) -> list[Literal["text", "image"]]:  # type: ignore[override]  # the base allows more
        """What it takes."""
        return ["text", "image"]

    @property
    def max_seq_length(self) -> int:
        """Tokens of a text that are read."""
        return self.network.shape.max_tokens

    def get_embedding_dimension(self) -> int:
        """Return the width of the common space."""
        return self.network.shape.dim

    def get_sentence_embedding_dimension(self) -> int:
        """Return the width of the common space, under its older name."""
        return self.network.shape.dim

    def preprocess(self, inputs: Sequence[object], prompt: str | None = None, **kwargs: object) -> dict[str, Tensor]:
        """Prepare a batch of pictures or of texts; sentence-transformers never mixes them."""
        images = [each for each in inputs if isinstance(each, Image.Image)]
        texts = [(prompt or "") + each for each in inputs if isinstance(each, str)]
        if len(inputs) not in (len(images), len(texts)):
            kinds = sorted({type(each).__name__ for each in inputs})
            raise ValueError(f"This model takes a batch of PIL images or of str, not of {', '.join(kinds)}.")
        if images:
            return {"pixels": self.network.pixels(images)}
        ids, mask = self.network.tokens(texts)
        return {"input_ids": ids, "attention_mask": mask}

    def forward(self, features: dict[str, Any], **kwargs: object) -> dict[str, Any]:
        """Add `sentence_embedding`, (B, dim), to what `preprocess` gave."""
        if "pixels" in features:
            vectors = self.network.encode_pixels(features["pixels"])
        else:
            vectors = self.network.encode_tokens(features["input_ids"], features["attention_mask"])
        return features | {"sentence_embedding": vectors}

    def save(self, output_path: str, *args: object, safe_serialization: bool = True, **kwargs: object) -> None:
        """Write config, tokenizer and weights, always as safetensors."""
        save_network(self.network, Path(output_path))

    @classmethod
    def load(
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        token: bool | str | None = None,
        cache_folder: str | None = None,
        revision: str | None = None,
        local_files_only: bool = False,
        init_defaults: dict[str, Any] | None = None,
        **kwargs: object,
    ) -> "DualEncoderModule":
        """Read it from a folder or the hub."""
        folder = cls.load_dir_path(
            model_name_or_path,
            subfolder=subfolder,
            token=token,
            cache_folder=cache_folder,
            revision=revision,
            local_files_only=local_files_only,
        )
        if folder is None:
            raise FileNotFoundError(f"There is no folder {subfolder!r} in {model_name_or_path!r}.")
        return cls(load_network(Path(folder), torch.device("cpu")))
