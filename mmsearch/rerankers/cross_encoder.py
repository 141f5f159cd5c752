"""Cross-encoders of sentence-transformers: of words and a picture, or of words and what is written about one."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.models.device import pick_device
from mmsearch.models.fingerprint import folder_fingerprint
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.evidence import Captions, Evidence, WholePictures
from mmsearch.rerankers.proportions import within_proportions
from mmsearch.types import Modality

if TYPE_CHECKING:
    import torch
    from sentence_transformers import CrossEncoder

RULES = 1  # raised when the same files would give other scores
LONGEST = 512  # tokens of a text and a caption together; the rest of a longer pair is not read
LONGEST_QUERY = 2000  # characters of a text that is read with a picture
UNKNOWN_SIDE = 448  # pixels, for models that take pictures of any size
LARGEST_SIDE = 1000  # pixels; a larger number in a folder is one of pixels in all
_PROCESSORS = ("processor_config.json", "preprocessor_config.json")


def is_cross_encoder(folder: Path) -> bool:
    """Return whether a folder says that it holds a cross-encoder, of sentence-transformers or of transformers alone."""
    if (folder / "modules.json").is_file():
        return said_in(folder / "config_sentence_transformers.json").get("model_type") == "CrossEncoder"
    named = said_in(folder / "config.json").get("architectures") or [""]
    return str(named[0]).endswith("ForSequenceClassification")


def said_in(path: Path) -> dict[str, Any]:
    """Return what a JSON file says, nothing if it cannot be read; loading tells what is wrong with it."""
    try:
        said = json.loads(path.read_text(encoding="utf8"))
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


class _CrossEncoderReranker(Reranker):
    """What both kinds share.

    Args:
        model: On its device; its scores are log-odds.
        name: As the user asks for it.
        fingerprint: Hex; changes whenever the scores would.
    """

    def __init__(self, model: "CrossEncoder", *, name: str, fingerprint: str) -> None:
        self.model, self.name = model, name
        self.fingerprint = self.tokens_as = fingerprint

    def _log_odds(self, pairs: list[Any]) -> NDArray[np.float32]:
        """Return what the model says of pairs, in the forms that it takes, (n,)."""
        scores = np.asarray(self.model.predict(pairs, batch_size=len(pairs), show_progress_bar=False), np.float32)
        if scores.shape != (len(pairs),):
            raise RerankerError(
                f"The re-ranker {self.name} gives {scores.shape[-1]} scores a pair; one is needed: how well it matches."
            )
        return scores

    def _to_cpu(self) -> bool:
        was: str = self.model.device.type
        self.model.to("cpu")
        return was != "cpu"


class PictureCrossEncoder(_CrossEncoderReranker):
    """Reads a text and the pixels of a picture together."""

    keeps = WholePictures
    pairs_at_once = 8

    def __init__(self, model: "CrossEncoder", *, name: str, fingerprint: str) -> None:
        super().__init__(model, name=name, fingerprint=fingerprint)
        self.image_side = _side(model)
        self._marks = tuple(model.tokenizer.all_special_tokens)

    def _prepare(self, images: Sequence[Image.Image]) -> WholePictures:
        return WholePictures(tuple(within_proportions(image, self.image_side) for image in images))

    def _score(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        images = WholePictures.of(kept).images
        # as dicts: a bare text that looks like the address or the path of a picture would be opened as one
        return self._log_odds(
            [({"text": self._plain(text)}, {"image": image}) for text, image in zip(texts, images, strict=True)]
        )

    def _plain(self, text: str) -> str:
        """Return a text without what would stand for a picture, or for the end of the text."""
        for mark in self._marks:
            text = text.replace(mark, " ")
        return text[:LONGEST_QUERY]


class CaptionCrossEncoder(_CrossEncoderReranker):
    """Reads a text and the captions of an item; the one that matches best counts."""

    reads = Modality.TEXT
    keeps = Captions

    def __init__(self, model: "CrossEncoder", *, name: str, fingerprint: str) -> None:
        super().__init__(model, name=name, fingerprint=fingerprint)
        self.image_side = 0
        model.max_seq_length = _longest(model)
        self._as_chat = "message" in model.modalities

    def _in_batches(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        items = Captions.of(kept).texts
        counts = [len(captions) for captions in items]
        owner = np.repeat(np.arange(len(items)), counts)  # (pairs,)
        each = Captions(tuple((caption,) for captions in items for caption in captions))
        scores = super()._in_batches([texts[int(row)] for row in owner], each)
        best = np.full(len(items), -np.inf, np.float32)
        np.maximum.at(best, owner, scores)
        return best

    def _score(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        captions = [caption for (caption,) in Captions.of(kept).texts]
        pairs = list(zip(texts, captions, strict=True))
        if self._as_chat:  # there a bare text that looks like an address or a path would be opened
            return self._log_odds([({"text": text}, {"text": caption}) for text, caption in pairs])
        return self._log_odds(pairs)


def open_cross_encoder(folder: Path, *, name: str, device: str = "auto") -> Reranker:
    """Load a folder of a `CrossEncoder`; code that comes with it is never run.

    Args:
        folder: As sentence-transformers saves it, or of a transformers model for the classification of text pairs.
        name: As the user asks for it.
        device: "auto", "cpu", "cuda", …

    Returns:
        One that reads pictures if the model takes them, else one that reads captions.

    Raises:
        RerankerError: If it is incomplete, damaged, or gives anything but one score a pair.
    """
    from mmsearch.nets.dual_network import towers_dtype

    where = pick_device(device, RerankerError)
    try:
        model = _load(folder, where, towers_dtype(where))
        kind = PictureCrossEncoder if "image" in model.modalities else CaptionCrossEncoder
        reranker = kind(model, name=name, fingerprint=folder_fingerprint(folder, RULES))
        _try_out(reranker)
    except RerankerError:
        raise
    except Exception as error:  # the library, transformers, safetensors and tokenizers each have errors of their own
        raise RerankerError(f"Cannot load the re-ranker in {folder}: {error}. {_advice(error)}") from error
    return reranker


def _load(folder: Path, where: "torch.device", dtype: "torch.dtype") -> "CrossEncoder":
    import torch
    from sentence_transformers import CrossEncoder
    from transformers.utils import logging

    logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # its bar would break into our own lines
    sees = any((folder / name).is_file() for name in _PROCESSORS)
    if sees:
        _leave_out_videos(str(said_in(folder / "config.json").get("model_type")))
    model: CrossEncoder = CrossEncoder(
        str(folder),
        device=str(where),
        local_files_only=True,
        trust_remote_code=False,
        model_kwargs={"dtype": dtype},
        processor_kwargs={"backend": "pil"} if sees else None,
        activation_fn=torch.nn.Identity(),  # log-odds, whatever the folder says
    )
    model.eval()
    return model


def _leave_out_videos(model_type: str) -> None:
    """Let a processor of transformers that reads videos too, as those of Qwen-VL do, be loaded without torchvision.

    Only its videos need that; without it, the class asks for it even where no video is read. So videos are struck
    from what the class says it consists of, for as long as the process runs.
    """
    import transformers
    from transformers.models.auto.processing_auto import PROCESSOR_MAPPING_NAMES  # type: ignore[attr-defined]
    from transformers.utils.import_utils import is_torchvision_available

    kind: Any = getattr(transformers, str(PROCESSOR_MAPPING_NAMES.get(model_type)), None)
    if is_torchvision_available() or not hasattr(kind, "get_attributes"):
        return
    parts = [part for part in kind.get_attributes() if part != "video_processor"]
    kind.get_attributes = classmethod(lambda cls: parts)


def _try_out(reranker: _CrossEncoderReranker) -> None:
    """Score a pair, so that what a model cannot do shows at once; one that cannot do it in bfloat16 goes without."""
    import torch

    try:
        _score_one(reranker)
    except RerankerError:
        if next(reranker.model.parameters()).dtype == torch.float32:
            raise
        reranker.model.float()
        _score_one(reranker)


def _score_one(reranker: _CrossEncoderReranker) -> None:
    sees = reranker.reads is Modality.IMAGE
    reranker.score(["a"], reranker.prepare([Image.new("RGB", (64, 64))]) if sees else Captions((("a",),)))


def _advice(error: Exception) -> str:
    if "torchvision" in str(error).lower():
        return (
            "mmsearch goes without torchvision, and transformers has no Pillow version of this picture processor: "
            "use another re-ranker."
        )
    return "Copy or download it anew."


def _longest(model: "CrossEncoder") -> int:
    """Return how many tokens of a pair are read; RoBERTa leaves its first two positions empty."""
    config = model.config.get_text_config() if model.config else None
    positions = getattr(config, "max_position_embeddings", None) or LONGEST + 2
    return min(model.max_seq_length or LONGEST, LONGEST, int(positions) - 2)


def _side(model: "CrossEncoder") -> int:
    """Return the pixels that a model makes use of on the shorter side."""
    size = getattr(getattr(model[0].processor, "image_processor", None), "size", None) or {}
    said = int(size.get("height") or size.get("shortest_edge") or 0)
    return said if 0 < said <= LARGEST_SIDE else UNKNOWN_SIDE
