"""Turns captioned pictures into features that the loop can draw from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.nets.dual_network import DualNetwork
from mmsearch.nets.heads import Head
from mmsearch.training.captions import LANGUAGES, CaptionedPicture
from mmsearch.training.features import cached_features, digest
from mmsearch.training.heads_loop import PairFeatures
from mmsearch.training.views import VIEWS, open_picture

_BATCH = 16  # pictures or texts at a time
_LEAST_DEVIATION = 1e-3  # a feature that hardly varies is not blown up


def _seen(path: Path, view: str) -> Image.Image:
    return VIEWS[view](open_picture(path), Random(path.name))  # noqa: S311 -- a crop, not a secret


@dataclass(frozen=True)
class TowerFeatures:
    """Runs the towers over pictures and texts, and keeps the results in a folder.

    Args:
        network: Whose towers to run, in the type they are to run in.
        folder: For the results; an own one for each pair of towers.
        progress: Called with what is being encoded, how many are done, and of how many.
    """

    network: DualNetwork
    folder: Path
    progress: Callable[[str, int, int], None]

    @torch.inference_mode()
    def _images(self, paths: Sequence[Path], view: str) -> NDArray[np.float32]:
        batches = (paths[i : i + _BATCH] for i in range(0, len(paths), _BATCH))
        rows = [self.network.image_features(self.network.pixels([_seen(p, view) for p in b])) for b in batches]
        return torch.cat(rows).cpu().numpy()

    @torch.inference_mode()
    def _texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        batches = (texts[i : i + _BATCH] for i in range(0, len(texts), _BATCH))
        rows = [self.network.text_features(*self.network.tokens(b)) for b in batches]
        return torch.cat(rows).cpu().numpy()

    def images(self, name: str, paths: Sequence[Path], view: str) -> Tensor:
        """Return the features of one view of pictures, (n, 1280) float32."""
        folder = self.folder / f"{name}-{digest([view, *map(str, paths)])}"
        what = f"pictures of {name}, {view}"
        encoded = cached_features(
            folder, paths, lambda part: self._images(part, view), lambda done, n: self.progress(what, done, n)
        )
        return torch.from_numpy(encoded).float()

    def texts(self, texts: Sequence[str]) -> Tensor:
        """Return the features of texts, (n, D) float32."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))  # like lengths share a batch
        ordered = [texts[i] for i in order]
        folder = self.folder / f"texts-{digest([self.network.tokenizer.to_str(), *ordered])}"
        encoded = cached_features(folder, ordered, self._texts, lambda done, n: self.progress("texts", done, n))
        result = torch.empty(encoded.shape)
        result[order] = torch.from_numpy(encoded).float()
        return result


@dataclass
class PairBuilder:
    """Collects pictures with their texts, then gives the loop what it draws from."""

    images: list[Tensor]  # (views, n, 1280) each
    texts: list[str]
    owner: list[int]
    group: list[int]

    @classmethod
    def empty(cls) -> "PairBuilder":
        """Return one that holds nothing."""
        return cls([], [], [], [])

    @property
    def pictures(self) -> int:
        """Number of pictures so far."""
        return sum(each.shape[1] for each in self.images)

    def add(self, images: Tensor, texts: Sequence[Sequence[Sequence[str]]]) -> None:
        """Add pictures, (views, n, 1280), and for each the texts of each group."""
        first = self.pictures
        self.images.append(images)
        for row, groups in enumerate(texts):
            for group, members in enumerate(groups):
                self.texts += members
                self.owner += [first + row] * len(members)
                self.group += [group] * len(members)

    def build(
        self, image_head: Head, text_head: Head, text_features: Callable[[Sequence[str]], Tensor]
    ) -> PairFeatures:
        """Return all of it in standardised features; the heads' statistics must be set."""
        unique = {text: i for i, text in enumerate(dict.fromkeys(self.texts))}
        rows = torch.tensor([unique[text] for text in self.texts])  # (T,)
        standard = text_head.standardise(text_features(list(unique)))
        return PairFeatures(
            torch.cat([image_head.standardise(each) for each in self.images], 1),
            standard[rows],
            torch.tensor(self.owner),
            torch.tensor(self.group),
            rows,
        )


def by_language(pictures: Sequence[CaptionedPicture]) -> list[list[tuple[str, ...]]]:
    """Return the captions of each picture, grouped by language."""
    return [[picture.in_language(language) for language in LANGUAGES] for picture in pictures]


def set_statistics(head: Head, features: Tensor) -> None:
    """Give a head the mean and deviation of training features (n, inside)."""
    head.get_buffer("mean").copy_(features.mean(0))
    head.get_buffer("deviation").copy_(features.std(0, correction=0).clamp(min=_LEAST_DEVIATION))


def class_features(head: Head, rows: Tensor, length: float) -> Tensor:
    """Return pictures that stand for classes, (1, classes, 1280), as features before standardisation.

    The positive part of a class's row in the classifier points where its pictures lie.

    Args:
        head: With its statistics set.
        rows: (classes, 1280) of the classifier.
        length: Of the result in standardised features.
    """
    standard = F.normalize(rows.clamp(min=0), dim=-1) * length
    return (standard * head.get_buffer("deviation") + head.get_buffer("mean"))[None]
