"""How arrays get to a device and back."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from mmsearch.rerankers.evidence import PictureTokens

if TYPE_CHECKING:
    import torch


def on_device(device: "torch.device", *arrays: NDArray[np.generic]) -> "tuple[torch.Tensor, ...]":
    """Return arrays as tensors on a device; what a GPU gets is pinned, so that it is fetched while the CPU goes on."""
    import torch

    given = (torch.from_numpy(np.ascontiguousarray(each)) for each in arrays)
    if device.type != "cuda":
        return tuple(each.to(device) for each in given)
    return tuple(each.pin_memory().to(device, non_blocking=True) for each in given)


def to_tokens(tokens: "torch.Tensor", vectors: "torch.Tensor | None" = None) -> PictureTokens:
    """Return picture tokens (n, T, W), and the encoder's vectors (n, dim) if there are any, as they are kept."""
    from mmsearch.nets.rows8 import encode_rows

    rows, scale = encode_rows(tokens.flatten(0, 1))  # (n * T, W), (n * T, 1)
    return PictureTokens(
        rows.view(tokens.shape).cpu().numpy(),
        scale.view(*tokens.shape[:2], 1).cpu().numpy(),
        np.empty((len(tokens), 0), np.float16) if vectors is None else vectors.half().cpu().numpy(),
    )
