"""Where a model runs."""

from typing import TYPE_CHECKING

from mmsearch.errors import MmsearchError

if TYPE_CHECKING:
    import torch


def pick_device(device: str, error: type[MmsearchError]) -> "torch.device":
    """Return the device that a setting names; "auto" is CUDA where there is one.

    Args:
        device: "auto", "cpu", "cuda", …
        error: Raised if torch does not know it or cannot use it.
    """
    import torch

    if device == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        torch.empty(0, device=device)
        return torch.device(device)
    except (RuntimeError, AssertionError) as failure:
        raise error(f"Cannot use device {device!r}: {failure}. Try auto, cpu or cuda.") from failure
