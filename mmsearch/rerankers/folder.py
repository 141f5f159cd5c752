"""Re-rankers of our own kind, read from a folder."""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.grammar import parse_query
from mmsearch.models.device import pick_device
from mmsearch.models.fingerprint import CHECKSUMS
from mmsearch.models.frozen import frozen_network
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.calibration import CALIBRATION, Calibration
from mmsearch.rerankers.evidence import Evidence, PictureTokens
from mmsearch.rerankers.heat import as_grids, evidence, gradients, mean_look
from mmsearch.rerankers.memory import in_batches
from mmsearch.rerankers.tensors import on_device, to_tokens
from mmsearch.types import Vectors

if TYPE_CHECKING:
    from torch import Tensor

    from mmsearch.nets.matcher_network import MatcherNetwork

_BATCHES = 8  # of texts whose reading is kept: a search asks for the same ones a few pictures at a time


class NetworkMatcher(Reranker):
    """A matcher of `mmsearch.nets` that is in memory.

    Args:
        network: Ready for inference on its device.
        name: As the user asks for it.
        fingerprint: Hex; changes whenever the scores would.
        tokens_as: Hex; changes whenever what is kept of pictures would.
        calibration: Adds the opinions of matcher and encoder.
    """

    def __init__(
        self,
        network: "MatcherNetwork",
        *,
        name: str,
        fingerprint: str,
        tokens_as: str = "",
        calibration: Calibration | None = None,
    ) -> None:
        self.network, self.name, self.fingerprint, self.tokens_as = network, name, fingerprint, tokens_as
        self.calibration = calibration or Calibration()
        self.image_side = network.dual.shape.side
        self._read = lru_cache(_BATCHES)(self._read_anew)

    def prepare(self, images: Sequence[Image.Image]) -> PictureTokens:
        """Return what is to be kept of pictures, as every re-ranker does."""
        return self.look(images)[1]

    def look(self, images: Sequence[Image.Image]) -> tuple[Vectors, PictureTokens]:
        """Return the encoder's vectors of pictures, (n, dim), and what is to be kept of them, at least one."""
        looks = in_batches(
            lambda rows: self._look([images[row] for row in rows]),
            range(len(images)),
            self.pictures_at_once,
            self._give_way,
        )
        vectors, tokens = zip(*(each for _, each in looks), strict=True)
        return np.concatenate(vectors), PictureTokens.joined(tokens)

    def describe(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        """Return the log-odds that texts are the descriptions of pictures, as every re-ranker does."""
        return self.calibrated(self.calibration.of_captions()).score(texts, kept)

    def calibrated(self, calibration: Calibration) -> "NetworkMatcher":
        """Return a matcher of the same network that adds the opinions in another way."""
        return NetworkMatcher(self.network, name=self.name, fingerprint="", calibration=calibration)

    def nothing_below(self, text: str) -> float | None:
        """Return below which probability that any picture matches a text none is said to; None: not known."""
        return self.calibration.nothing_below(text)

    def _look(self, images: Sequence[Image.Image]) -> tuple[Vectors, PictureTokens]:
        import torch

        with torch.inference_mode():
            vectors, tokens = self.network.look(self.network.dual.pixels(images))
            return vectors.float().cpu().numpy(), to_tokens(tokens, vectors)

    def _score(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        import torch

        from mmsearch.nets.rows8 import decode_rows

        pictures, weight = PictureTokens.of(kept), self.network.dual.image.stem.weight
        distinct = tuple(dict.fromkeys(texts))
        at = torch.tensor([distinct.index(text) for text in texts], device=weight.device)
        with torch.inference_mode():
            text, hidden, mask = self._read(distinct)
            rows, scale, vectors = on_device(weight.device, pictures.rows, pictures.scale, pictures.vectors)
            cosine = (text[at] * vectors.float()).sum(1)
            seen = self.network.fusion.see(decode_rows(rows, scale, weight.dtype))
            judgement = self.network.judge(hidden[at], mask[at], seen)
        return self.calibration.log_odds(texts, judgement.cpu().numpy(), cosine.cpu().numpy(), pictures.vectors)

    def _read_anew(self, texts: tuple[str, ...]) -> "tuple[Tensor, Tensor, Tensor]":
        """Return the encoder's vectors of what texts want, where fusion starts from, and which tokens are no padding.

        What is denied is left to fusion: to the encoder "no dog" is close to pictures of dogs.
        """
        device = self.network.dual.image.stem.weight.device
        ids, mask = (each.to(device) for each in self.network.dual.tokens(texts))
        vectors, hidden = self.network.read(ids, mask)
        denying = {row: query.wanted for row, query in enumerate(map(parse_query, texts)) if query.excluded}
        if denying:
            wanted = (each.to(device) for each in self.network.dual.tokens(list(denying.values())))
            vectors[list(denying)] = self.network.read(*wanted)[0]
        return vectors, hidden, mask

    def _heat(self, texts: Sequence[str], kept: Evidence) -> NDArray[np.float32]:
        from mmsearch.nets.fusion import Look, taught
        from mmsearch.nets.rows8 import decode_rows
        from mmsearch.nets.spans import spanned_tokens

        weight, network = self.network.dual.image.stem.weight, self.network
        read = spanned_tokens(network.dual, texts)
        ids, mask = read.ids.to(weight.device), read.mask.to(weight.device)
        said = (read.spans[..., 1] > read.spans[..., 0]).to(weight.device)  # (n, L): not prefix, ends and padding
        picture = PictureTokens.of(kept)
        rows, scale = on_device(weight.device, picture.rows, picture.scale)
        looks: list[Look] = []
        with gradients():
            hidden = network.below(ids, mask).detach().requires_grad_()
            tokens = decode_rows(rows, scale, weight.dtype).expand(len(texts), -1, -1)
            logits = network.judge(hidden, mask, network.fusion.see(tokens), looks)
            spoke = taught(evidence(logits, looks[-1].heads))
        return as_grids(mean_look(spoke, said))

    def _to_cpu(self) -> bool:
        was = self.network.dual.image.stem.weight.device.type
        self._read.cache_clear()
        self.network.to("cpu")
        return was != "cpu"


def open_matcher(folder: Path, encoder: Path, *, name: str, device: str = "auto") -> NetworkMatcher:
    """Load what `nets.matcher_network.save_matcher` wrote.

    Args:
        folder: Of the matcher.
        encoder: Folder of the encoder that it belongs to.
        name: As the user asks for it.
        device: "auto", "cpu", "cuda", …

    Raises:
        RerankerError: If a folder is missing, incomplete or damaged, or the matcher belongs to another encoder.
    """
    from safetensors import SafetensorError

    from mmsearch.nets.dual_network import checksums
    from mmsearch.nets.matcher_network import belongs_to, load_matcher

    try:
        if belongs_to(folder) != checksums(encoder):
            raise RerankerError(f"The matcher in {folder} was trained with another encoder than that in {encoder}.")
        network = load_matcher(folder, frozen_network(encoder, pick_device(device, RerankerError)))
        calibration = Calibration.load(folder)
        parts = [path.read_bytes() for path in (folder / CHECKSUMS, folder / CALIBRATION) if path.is_file()]
        tokens_as, fingerprint = (blake2b(b"".join(parts[:n]), digest_size=8).hexdigest() for n in (1, 2))
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise RerankerError(f"Cannot load the matcher in {folder}: {error}. Copy or train it anew.") from error
    return NetworkMatcher(network, name=name, fingerprint=fingerprint, tokens_as=tokens_as, calibration=calibration)
