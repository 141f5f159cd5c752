"""Re-rankers of our own kind, read from a folder."""

from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.rerankers.base import PictureTokens, Reranker

if TYPE_CHECKING:
    from mmsearch.nets.matcher_network import MatcherNetwork

_PICTURES, _PAIRS = 16, 64  # at a time
CHECKSUMS = "checksums.json"  # written by `nets.matcher_network.save_matcher`


class NetworkMatcher(Reranker):
    """A matcher of `mmsearch.nets` that is in memory.

    Args:
        network: Ready for inference on its device.
        name: As the user asks for it.
        fingerprint: Hex; changes whenever the scores would.
    """

    def __init__(self, network: "MatcherNetwork", *, name: str, fingerprint: str) -> None:
        self.network, self.name, self.fingerprint = network, name, fingerprint

    def prepare(self, images: Sequence[Image.Image]) -> PictureTokens:
        """Return tokens in 8-bit rows and the encoder's vectors."""
        import torch

        from mmsearch.nets.rows8 import encode_rows

        rows, scales, vectors = [], [], []
        with torch.inference_mode():
            for start in range(0, len(images), _PICTURES):
                found, tokens = self.network.look(self.network.dual.pixels(images[start : start + _PICTURES]))
                row, scale = encode_rows(tokens.flatten(0, 1))  # (B * T, W), (B * T, 1)
                rows.append(row.view(tokens.shape).cpu().numpy())
                scales.append(scale.view(*tokens.shape[:2], 1).cpu().numpy())
                vectors.append(found.half().cpu().numpy())
        return PictureTokens(np.concatenate(rows), np.concatenate(scales), np.concatenate(vectors))

    def score(self, texts: Sequence[str], pictures: PictureTokens) -> NDArray[np.float32]:
        """Return the log-odds that text i matches picture i, (n,)."""
        if len(texts) != len(pictures):
            raise RerankerError(f"{len(texts)} texts cannot be paired with {len(pictures)} pictures.")
        import torch

        result = np.empty(len(texts), np.float32)
        order = sorted(range(len(texts)), key=lambda row: (len(texts[row]), texts[row]))  # like lengths share a batch
        with torch.inference_mode():
            for start in range(0, len(order), _PAIRS):
                rows = order[start : start + _PAIRS]
                result[rows] = self._scored([texts[row] for row in rows], pictures[np.array(rows)])
        return result

    def _scored(self, texts: Sequence[str], pictures: PictureTokens) -> NDArray[np.float32]:
        import torch

        from mmsearch.nets.rows8 import decode_rows

        weight = self.network.dual.image.stem.weight
        distinct = list(dict.fromkeys(texts))
        at = torch.tensor([distinct.index(text) for text in texts], device=weight.device)
        ids, mask = (each.to(weight.device) for each in self.network.dual.tokens(distinct))
        text, hidden = self.network.read(ids, mask)
        rows, scale, vectors = (
            torch.from_numpy(each).to(weight.device) for each in (pictures.rows, pictures.scale, pictures.vectors)
        )
        cosine = (text[at] * vectors.float()).sum(1)
        seen = self.network.fusion.see(decode_rows(rows, scale, weight.dtype))
        logits = self.network.match(hidden[at], mask[at], seen, cosine)
        scores: NDArray[np.float32] = logits.float().cpu().numpy()
        return scores


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
    import torch
    from safetensors import SafetensorError

    from mmsearch.nets.dual_network import checksums, load_network
    from mmsearch.nets.matcher_network import belongs_to, load_matcher

    where = ("cuda" if torch.cuda.is_available() else "cpu") if device == "auto" else device
    try:
        if belongs_to(folder) != checksums(encoder):
            raise RerankerError(f"The matcher in {folder} was trained with another encoder than that in {encoder}.")
        network = load_matcher(folder, load_network(encoder, torch.device(where)))
        printed = blake2b((folder / CHECKSUMS).read_bytes(), digest_size=8).hexdigest()
    except (OSError, RuntimeError, ValueError, KeyError, TypeError, SafetensorError) as error:
        raise RerankerError(f"Cannot load the matcher in {folder}: {error}. Copy or train it anew.") from error
    return NetworkMatcher(network, name=name, fingerprint=printed)
