"""What a frozen classifier says about training pictures, so that fine-tuned towers keep the nouns it knows."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.errors import BadInput, TrainingError
from mmsearch.nets.efficientnet_lite import VARIANTS, EfficientNetLite
from mmsearch.nets.pictures import normalised, squares
from mmsearch.training.batches import ClassifiedPictures
from mmsearch.training.captions import CaptionedPicture, ClassBeliefSettings, read_classes
from mmsearch.training.classifier import Classifier
from mmsearch.training.features import cached_features, digest
from mmsearch.training.views import open_picture

_BATCH = 32  # pictures at a time


def classified(
    pictures: Sequence[CaptionedPicture],
    data: Path,
    settings: ClassBeliefSettings,
    folder: Path,
    progress: Callable[[int, int], None],
    load: Callable[[str], Classifier],
) -> ClassifiedPictures:
    """Let a frozen classifier look at pictures once.

    Args:
        pictures: To learn from.
        data: Folder that holds the class names.
        settings: Which classifier, and its names.
        folder: Keeps what it says from one run to the next.
        progress: Called with how many pictures it has seen, and of how many.
        load: Returns the classifier of a name.

    Raises:
        BadInput: If there is no such classifier.
        TrainingError: If its package or the names are missing, or do not fit each other.
    """
    if settings.classifier not in VARIANTS:
        raise BadInput(f"There is no classifier {settings.classifier!r}; there are {', '.join(VARIANTS)}.")
    names, classifier = read_classes(data, settings), load(settings.classifier)
    if len(names) != len(classifier.rows):
        raise TrainingError(
            f"{data / settings.names} names {len(names)} classes, but {settings.classifier} knows "
            f"{len(classifier.rows)}. Give the names in the order of the classifier, one object a line."
        )
    looking = _Looking(settings.classifier, classifier)
    paths = [picture.path for picture in pictures]
    own = folder / f"beliefs-{digest([settings.classifier, *map(str, paths)])}"
    beliefs = cached_features(own, paths, looking.beliefs, progress)
    return ClassifiedPictures(names, beliefs, settings.count)


class _Looking:
    def __init__(self, variant: str, classifier: Classifier) -> None:
        sizes = VARIANTS[variant]
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.side, self.tower = sizes.side, EfficientNetLite(sizes.width, sizes.depth)
        self.tower.load_state_dict(classifier.tower)
        self.tower.to(self.device)
        self.rows, self.bias = classifier.rows.to(self.device), classifier.bias.to(self.device)

    @torch.inference_mode()
    def beliefs(self, paths: Sequence[Path]) -> NDArray[np.float32]:
        """Return probabilities, (n, classes)."""
        return torch.cat([self._batch(paths[i : i + _BATCH]) for i in range(0, len(paths), _BATCH)]).cpu().numpy()

    def _batch(self, paths: Sequence[Path]) -> Tensor:
        pixels = squares([open_picture(path) for path in paths], self.side).to(self.device)
        return F.linear(self.tower(normalised(pixels, torch.float32)), self.rows, self.bias).softmax(1)
