"""Two encoders brought into one space, as a module of a `SentenceTransformer`, for everyone without mmsearch.

This file and those it imports are copied into every saved folder.
"""

from collections.abc import Sequence
from pathlib import Path
from shutil import copytree
from typing import Any, Literal

from PIL import Image
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import InputModule
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from .aligned_folder import SIDES, read_description, read_projections


class AlignedModule(InputModule):
    """Pictures (`PIL.Image`) or texts (`str`) to unit vectors: through an encoder, then through what was learnt."""

    def __init__(self, folder: Path) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        description = read_description(folder)
        self.folder, self.dim = folder, int(description["dim"])
        self.places = {side: str(description["sides"][side]["folder"]) for side in SIDES}
        self.plain_texts = bool(description["sides"]["text"]["plain"])
        # whoever loads this module has trusted the code of the folder, of which this is a part
        self.encoders = nn.ModuleDict(
            {
                place: SentenceTransformer(str(folder / place), device="cpu", trust_remote_code=True)
                for place in sorted(set(self.places.values()))
            }
        )
        self.projections = nn.ModuleDict(read_projections(folder))
        self.tokenizer = self._encoder("text").tokenizer

    @property
    def modalities(self) -> list[Literal["text", "image"]]:  # type: ignore[override]  # the base allows more
        """What it takes."""
        return ["text", "image"]

    @property
    def max_seq_length(self) -> int | None:
        """Tokens of a text that are read."""
        return self._encoder("text").max_seq_length

    def get_embedding_dimension(self) -> int:
        """Return the width of the common space."""
        return self.dim

    def get_sentence_embedding_dimension(self) -> int:
        """Return the width of the common space, under its older name."""
        return self.dim

    def _encoder(self, side: str) -> SentenceTransformer:
        encoder = self.encoders[self.places[side]]
        assert isinstance(encoder, SentenceTransformer)  # noqa: S101 -- as the constructor made it
        return encoder

    def preprocess(self, inputs: Sequence[object], prompt: str | None = None, **kwargs: object) -> dict[str, Any]:
        """Prepare a batch of pictures or of texts; sentence-transformers never mixes them."""
        given = [each["text"] if isinstance(each, dict) and set(each) == {"text"} else each for each in inputs]
        images = [each.convert("RGB") for each in given if isinstance(each, Image.Image)]
        texts = [(prompt or "") + each for each in given if isinstance(each, str)]
        if len(given) not in (len(images), len(texts)):
            kinds = sorted({type(each).__name__ for each in given})
            raise ValueError(f"This model takes a batch of PIL images or of str, not of {', '.join(kinds)}.")
        if images:
            return {**self._encoder("image").preprocess(images), "side": "image"}
        # as dicts: a bare text that looks like the address or the path of a picture would be opened as one
        wrapped = texts if self.plain_texts else [{"text": text} for text in texts]
        return {**self._encoder("text").preprocess(wrapped), "side": "text"}

    def forward(self, features: dict[str, Any], **kwargs: object) -> dict[str, Any]:
        """Add `sentence_embedding`, (B, dim), to what `preprocess` gave."""
        side = features["side"]
        own = {name: value for name, value in features.items() if name != "side"}
        vectors: Tensor = self._encoder(side)(own)["sentence_embedding"]
        return features | {"sentence_embedding": F.normalize(self.projections[side](vectors.float()), dim=1)}

    def save(self, output_path: str, *args: object, safe_serialization: bool = True, **kwargs: object) -> None:
        """Copy the folder that it was loaded from: it is for inference, and nothing in it changes."""
        copytree(self.folder, output_path, dirs_exist_ok=True)

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
    ) -> "AlignedModule":
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
        return cls(Path(folder))
