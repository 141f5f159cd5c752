"""The network that training starts from: pretrained towers under fresh heads."""

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from mmsearch.errors import BadInput
from mmsearch.nets.dual_network import DualNetwork, DualShape
from mmsearch.nets.efficientnet_lite import VARIANTS
from mmsearch.training.classifier import load_classifier
from mmsearch.training.config import TrainConfig
from mmsearch.training.e5 import load_e5
from mmsearch.training.vocabulary import build_tokenizer, cut, kept_pieces

TEXT_TOWERS = ("multilingual-e5-small",)


@dataclass(frozen=True)
class Towers:
    """A network whose heads are not trained yet, and what its picture tower knows by name.

    Args:
        network: In float32.
        class_rows: (classes, 1280) of the picture tower's classifier.
    """

    network: DualNetwork
    class_rows: Tensor


def load_towers(config: TrainConfig, texts: Iterable[str]) -> Towers:
    """Build the towers of a config from the installed packages.

    Args:
        config: Of the run.
        texts: All that the vocabulary must be able to spell.

    Raises:
        BadInput: If the config names an unknown tower.
        TrainingError: If a package is not installed.
    """
    if config.towers.image not in VARIANTS or config.towers.text not in TEXT_TOWERS:
        raise BadInput(
            f"There are no towers {config.towers.image!r} and {config.towers.text!r}; "
            f"pictures have {', '.join(VARIANTS)}, texts {', '.join(TEXT_TOWERS)}."
        )
    variant, classifier, whole = VARIANTS[config.towers.image], load_classifier(config.towers.image), load_e5()
    prefix = DualShape.prefix
    source = cut(whole, kept_pieces(whole, (prefix + text for text in texts), config.vocabulary))
    shape = DualShape(
        text=source.shape,
        width=variant.width,
        depth=variant.depth,
        side=config.towers.side,
        dim=config.heads.dim,
        image_hidden=config.heads.image_hidden,
        text_hidden=config.heads.text_hidden,
        max_tokens=config.towers.max_tokens,
    )
    tokenizer = build_tokenizer(source.pieces, source.scores)
    tokenizer.enable_truncation(shape.max_tokens)
    torch.manual_seed(config.training.seed)
    network = DualNetwork(shape, tokenizer)
    network.image.load_state_dict(classifier.tower)
    network.text.load_state_dict(source.tower)
    return Towers(network.eval(), classifier.rows)
