"""Image-text matching of BLIP (arXiv:2201.12086) and BLIP-2 (arXiv:2301.12597), from folders of transformers."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.models.device import pick_device
from mmsearch.models.fingerprint import folder_fingerprint
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.evidence import Evidence, PictureTokens
from mmsearch.rerankers.heat import as_grids, evidence, gradients, mean_look, watched
from mmsearch.rerankers.tensors import on_device, to_tokens

if TYPE_CHECKING:
    import torch

USUAL_LENGTH = 24  # tokens of a query, at most; longer ones are read all the same
MAX_LENGTH = 64
RULES = 1  # raised when the same files would give other scores
_SIDE = 384  # where a folder does not say


class _TransformersMatcher(Reranker):
    """A matcher whose pictures are read by a vision transformer, once, and whose texts look at what that made of them.

    Args:
        model: Of transformers, ready for inference on its device.
        processor: Of the same folder: it makes pixels of pictures and tokens of texts.
        name: As the user asks for it.
        fingerprint: Hex; changes whenever the scores would.
    """

    pairs_at_once = 32

    def __init__(self, model: Any, processor: Any, *, name: str, fingerprint: str) -> None:  # noqa: ANN401 - untyped
        self.model, self.processor, self.name = model, processor, name
        self.fingerprint = self.tokens_as = fingerprint
        size = getattr(processor.image_processor, "size", None) or {}
        self.image_side = int(size.get("height") or size.get("shortest_edge") or _SIDE)

    def _prepare(self, images: Sequence[Image.Image]) -> PictureTokens:
        import torch

        pixels = self.processor.image_processor([image.convert("RGB") for image in images], return_tensors="pt")
        with torch.inference_mode():
            weight = next(self.model.vision_model.parameters())
            given = pixels["pixel_values"].to(weight.device, weight.dtype)
            return to_tokens(self.model.vision_model(pixel_values=given).last_hidden_state)

    def _score(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        import torch

        from mmsearch.nets.rows8 import decode_rows

        pictures, weight = PictureTokens.of(kept), next(self.model.itm_head.parameters())
        rows, scale = on_device(weight.device, pictures.rows, pictures.scale)
        read = self._read(texts)
        with torch.inference_mode():
            seen = decode_rows(rows, scale, weight.dtype)
            logits = self._logits(read["input_ids"], read["attention_mask"], seen).float()  # (n, 2): no match, match
        scores: NDArray[np.float32] = (logits[:, 1] - logits[:, 0]).cpu().numpy()
        return scores

    def _heat(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        from mmsearch.nets.rows8 import decode_rows
        from mmsearch.rerankers.absorbed import cross_attentions

        weight = next(self.model.itm_head.parameters())
        picture = PictureTokens.of(kept)
        rows, scale = on_device(weight.device, picture.rows, picture.scale)
        read = self._read(texts, return_special_tokens_mask=True)
        attentions = cross_attentions(self.model)
        with gradients(), watched(attentions) as looks:
            seen = decode_rows(rows, scale, weight.dtype).requires_grad_()  # so that every look asks for a gradient
            logits = self._logits(read["input_ids"], read["attention_mask"], seen.expand(len(texts), -1, -1)).float()
            weights = looks[max(0, 2 * len(attentions) // 3 - 1)]  # the 8th of 12; in the last, words change nothing
            if weights is None:
                raise RerankerError(f"The re-ranker {self.name} does not tell where it looks.")
            spoke = evidence(logits[:, 1] - logits[:, 0], weights)[..., 1:]  # the first token is of no place
        return as_grids(mean_look(spoke, self._looking(read)))

    def _read(self, texts: Sequence[str], **more: bool) -> "Mapping[str, torch.Tensor]":
        """Return texts as tokens, each (n, L), on the device."""
        weight = next(self.model.itm_head.parameters())
        read: Mapping[str, torch.Tensor] = self.processor.tokenizer(
            list(texts), padding=True, truncation=True, max_length=MAX_LENGTH, return_tensors="pt", **more
        ).to(weight.device)
        return read

    def _looking(self, read: "Mapping[str, torch.Tensor]") -> "torch.Tensor":
        """Return which of those who look at the picture stand for the text, (n, L) bool: its words."""
        return read["special_tokens_mask"] == 0

    @abstractmethod
    def _logits(self, ids: "torch.Tensor", mask: "torch.Tensor", seen: "torch.Tensor") -> "torch.Tensor":
        """Return what the head for matching says, (n, 2), of texts (n, L) and picture tokens (n, T, W)."""

    def _to_cpu(self) -> bool:
        was: str = next(self.model.parameters()).device.type
        self.model.to("cpu")
        return was != "cpu"


class BlipMatcher(_TransformersMatcher):
    """`BlipForImageTextRetrieval`."""

    def _logits(self, ids: "torch.Tensor", mask: "torch.Tensor", seen: "torch.Tensor") -> "torch.Tensor":
        read = self.model.text_encoder(input_ids=ids, attention_mask=mask, encoder_hidden_states=seen)
        return self.model.itm_head(read.last_hidden_state[:, 0])  # type: ignore[no-any-return]


class Blip2Matcher(_TransformersMatcher):
    """`Blip2ForImageTextRetrieval`.

    Here learnt queries look at the picture, with the text in mind; where they looked is told for a text as a whole.
    """

    def _looking(self, read: "Mapping[str, torch.Tensor]") -> "torch.Tensor":
        import torch

        queries = self.model.query_tokens.shape[1]
        return torch.ones(len(read["input_ids"]), queries, dtype=torch.bool, device=read["input_ids"].device)

    def _logits(self, ids: "torch.Tensor", mask: "torch.Tensor", seen: "torch.Tensor") -> "torch.Tensor":
        import torch

        model = self.model
        queries = model.query_tokens.expand(len(ids), -1, -1)  # (n, Q, D)
        whole = torch.cat([mask.new_ones(queries.shape[:2]), mask], 1)
        read = model.qformer(
            query_embeds=model.embeddings(input_ids=ids, query_embeds=queries),
            query_length=queries.shape[1],
            attention_mask=whole,
            encoder_hidden_states=seen,
        )
        head = model.itm_head(read.last_hidden_state[:, : queries.shape[1]].to(model.itm_head.weight.dtype))
        return head.mean(1)  # type: ignore[no-any-return]


MATCHERS = {
    "BlipForImageTextRetrieval": BlipMatcher,
    "Blip2ForImageTextRetrieval": Blip2Matcher,
}


def open_blip(folder: Path, kind: str, *, name: str, device: str = "auto") -> Reranker:
    """Load a folder of transformers.

    Args:
        folder: With config, weights, tokenizer and the settings of the picture processor.
        kind: A key of `MATCHERS`: the class that its `config.json` names.
        name: As the user asks for it.
        device: "auto", "cpu", "cuda", …

    Raises:
        RerankerError: If it is incomplete, damaged or of another kind.
    """
    import transformers

    from mmsearch.nets.dual_network import towers_dtype
    from mmsearch.rerankers.absorbed import absorb

    transformers.utils.logging.disable_progress_bar()  # type: ignore[no-untyped-call]  # it would break into our lines
    try:
        where = pick_device(device, RerankerError)
        model = getattr(transformers, kind).from_pretrained(folder, local_files_only=True, dtype=towers_dtype(where))
        load_processor: Any = transformers.AutoProcessor.from_pretrained  # untyped
        processor = load_processor(folder, local_files_only=True, backend="pil")
    except Exception as error:  # transformers, safetensors and tokenizers each have errors of their own
        raise RerankerError(f"Cannot load the re-ranker in {folder}: {error}. Copy or download it anew.") from error
    absorb(model, model.config.vision_config.hidden_size, USUAL_LENGTH)
    model.eval().requires_grad_(False).to(where)
    return MATCHERS[kind](model, processor, name=name, fingerprint=folder_fingerprint(folder, RULES))
