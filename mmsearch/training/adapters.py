"""Low-rank adapters beside the layers of a network (LoRA, arXiv:2106.09685), by the library peft."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from mmsearch.errors import TrainingError

if TYPE_CHECKING:
    from peft import LoraModel

_NAME = "default"


class _Holder(nn.Module):
    """Holds a network: what has a `config` itself, such as one of sentence-transformers, peft mistakes for another."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network


def add_adapters(network: nn.Module, layers: Sequence[str], rank: int, seed: int) -> "LoraModel":
    """Put an adapter beside each of some layers, in place; at first they change nothing.

    Args:
        network: Its other weights are frozen by this.
        layers: Names of matrices or convolutions.
        rank: Of the adapters.
        seed: Draws their weights.

    Returns:
        What `merge_adapters` takes. Weights of adapters have `lora_` in their names.

    Raises:
        TrainingError: If peft is missing or no layer can bear an adapter.
    """
    try:
        from peft import LoraConfig, LoraModel
    except ImportError as error:
        raise TrainingError(
            f"Low-rank adapters need the library peft: {error}. Run `pip install 'peft>=0.21,<1'`, or choose the "
            "method full or heads."
        ) from error
    if not layers:
        raise TrainingError("This encoder has no layers for low-rank adapters; choose the method full or heads.")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        # The scale is alpha over rank; with alpha twice the rank, steps of one size suit every rank.
        held = [f"network.{name}" for name in layers]
        config = LoraConfig(r=rank, lora_alpha=2 * rank, target_modules=held, lora_dropout=0.0)
        return LoraModel(_Holder(network), config, _NAME)


def merge_adapters(adapted: "LoraModel") -> None:
    """Add the adapters to the layers that they stand beside, so that the network is as it was made."""
    adapted.merge_and_unload()
