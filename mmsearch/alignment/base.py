"""What every learner of the alignment laboratory promises."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator  # type: ignore[import-untyped]  # it has no annotations
from torch import Tensor, nn

from mmsearch.alignment.checks import Pairs, Rows, blocks_of, checked_pairs, checked_rows, checked_views, unit_rows
from mmsearch.alignment.persistence import Saved, read_folder, write_folder
from mmsearch.errors import BadInput
from mmsearch.types import Vectors


@dataclass(frozen=True, slots=True)
class FitProgress:
    """Where a fit stands."""

    done: int  # of `total`: epochs, or blocks of rows
    total: int
    loss: float | None = None  # of the last epoch; None where nothing is descended
    held_out: float | None = None  # mean reciprocal rank among the training pairs held out; None without any


Report: TypeAlias = Callable[[FitProgress], None]


class Aligner(BaseEstimator, ABC):  # type: ignore[misc]  # scikit-learn has no annotations
    """Learns from pairs of frozen features a space that both modalities share.

    A learner keeps scikit-learn's contract: the constructor stores parameters, `fit` checks them, learns and returns
    self, what was learnt ends in an underscore, and a second `fit` forgets the first. Equal parameters, data and
    `random_state` give equal results on one machine.

    Attributes:
        widths_: Columns of image and text features.
        dim_: Columns of what it returns.
    """

    widths_: tuple[int, ...]

    def fit(
        self,
        image: ArrayLike,
        text: ArrayLike,
        *,
        owner: ArrayLike | None = None,
        labels: ArrayLike | None = None,
        progress: Report | None = None,
    ) -> Self:
        """Learn from pairs.

        Args:
            image: (n, d1) features. A row without a text is left out.
            text: (m, d2) features.
            owner: (m,), the row of `image` that each text describes; None if row i describes row i.
            labels: (n,), the class of each row of `image`; its texts are of the same class.
            progress: Called now and then.

        Raises:
            BadInput: If data or parameters cannot be used; the message says which and why.
        """
        self._check_parameters()
        pairs = checked_pairs(image, text, owner, labels)
        self._forget()
        self._learn(pairs, progress)
        self.widths_ = (pairs.image.shape[1], pairs.text.shape[1])
        return self

    def transform_image(self, image: ArrayLike) -> Vectors:
        """Map image features (n, d1) to the shared space: (n, dim_), unit rows.

        A row that says nothing (in all the fit looks at equal to the mean) becomes a row of zeros.

        Raises:
            BadInput: If this is not fitted, or the features are of another width or not finite.
        """
        return self._transform(image, "image features", 0)

    def transform_text(self, text: ArrayLike) -> Vectors:
        """Map text features (m, d2) to the shared space: (m, dim_), unit rows.

        Raises:
            BadInput: If this is not fitted, or the features are of another width or not finite.
        """
        return self._transform(text, "text features", 1)

    def save(self, folder: Path | str) -> None:
        """Write parameters and what was learnt into a folder, as JSON and safetensors.

        Raises:
            BadInput: If this is not fitted, or the folder cannot be written.
        """
        self._check_fitted()
        write_folder(Path(folder), Saved(type(self).__name__, parameters_of(self), self.widths_, self._tensors()))

    @classmethod
    def load(cls, folder: Path | str) -> Self:
        """Read what `save` wrote.

        Raises:
            BadInput: If it is not there, damaged, or of another method.
        """
        return cls.from_saved(read_folder(Path(folder)), Path(folder))

    @classmethod
    def from_saved(cls, saved: Saved, folder: Path) -> Self:
        """Make a learner of what was read from a folder.

        Raises:
            BadInput: If it is of another method, or its parts do not fit together.
        """
        if saved.method != cls.__name__:
            raise BadInput(f"{folder} holds a {saved.method}, not a {cls.__name__}.")
        if not all(bool(tensor.isfinite().all()) for tensor in saved.tensors.values()):
            raise BadInput(f"The learner saved in {folder} holds NaN or infinity. Fit and save it again.")
        try:
            learner = cls(**{name: _with_tuples(value) for name, value in saved.parameters.items()})
            learner.widths_ = saved.widths
            learner._restore(saved.tensors)
            for view, width in enumerate(saved.widths):
                learner._project(np.zeros((1, width), np.float32), view)
        except (TypeError, ValueError, KeyError, RuntimeError, IndexError) as error:
            raise BadInput(f"The learner saved in {folder} is damaged: {error}. Fit and save it again.") from error
        return learner

    @property
    def dim_(self) -> int:
        """Columns of the shared space."""
        self._check_fitted()
        return int(self._project(np.zeros((1, self.widths_[0]), np.float32), 0).shape[1])

    def _transform(self, values: ArrayLike, what: str, view: int) -> Vectors:
        self._check_fitted()
        rows = checked_rows(values, what, self.widths_[view])
        if len(rows) == 0:
            return np.zeros((0, self.dim_), np.float32)
        return np.concatenate([unit_rows(self._project(block, view)) for block in blocks_of(rows)])

    def _check_fitted(self) -> None:
        if not hasattr(self, "widths_"):
            raise BadInput(f"This {type(self).__name__} has learnt nothing yet; call fit first.")

    def _forget(self) -> None:
        """Drop what an earlier fit learnt."""
        for name in [name for name in vars(self) if name.endswith("_") and not name.startswith("_")]:
            delattr(self, name)

    @abstractmethod
    def _check_parameters(self) -> None:
        """Raise BadInput if a parameter cannot be used."""

    @abstractmethod
    def _learn(self, pairs: Pairs, progress: Report | None) -> None:
        """Set the fitted attributes."""

    @abstractmethod
    def _project(self, rows: Rows, view: int) -> Rows:
        """Map features of a view (0: image, 1: text) to the shared space, of any length."""

    @abstractmethod
    def projection(self, view: int) -> nn.Module:
        """Return the map of a view (0: image, 1: text) as a network that `nets.projections.described` knows.

        It maps features (B, d) to codes of any length; those of unit length are what `transform_…` gives.

        Raises:
            BadInput: If this is not fitted.
        """

    @abstractmethod
    def _tensors(self) -> dict[str, Tensor]:
        """Return what was learnt."""

    @abstractmethod
    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Set the fitted attributes from what `_tensors` gave; `widths_` is set already."""


class ViewsAligner(Aligner, ABC):
    """A learner that takes two views of items or more. `fit` takes image and text as views 0 and 1."""

    def fit_views(self, views: Sequence[ArrayLike], *, progress: Report | None = None) -> Self:
        """Learn from views of the same items.

        Args:
            views: Two or more matrices, (n, d) each; row i of each is of item i.
            progress: Called now and then.

        Raises:
            BadInput: If data or parameters cannot be used.
        """
        self._check_parameters()
        checked = checked_views(views)
        self._forget()
        self._learn_views(checked, progress)
        self.widths_ = tuple(view.shape[1] for view in checked)
        return self

    def transform_view(self, rows: ArrayLike, view: int) -> Vectors:
        """Map features (n, d) of a view to the shared space: (n, dim_), unit rows.

        Raises:
            BadInput: If this is not fitted, there is no such view, or the features cannot be used.
        """
        self._check_fitted()
        if not 0 <= view < len(self.widths_):
            raise BadInput(f"There is no view {view}; this was fitted on views 0 to {len(self.widths_) - 1}.")
        return self._transform(rows, f"features of view {view}", view)

    @abstractmethod
    def _learn_views(self, views: tuple[Rows, ...], progress: Report | None) -> None:
        """Set the fitted attributes."""


def tensors_of(learner: object, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Return fitted arrays of a learner under their names without the underscore."""
    return {name.rstrip("_"): torch.from_numpy(np.ascontiguousarray(getattr(learner, name))) for name in names}


def set_arrays(learner: object, names: tuple[str, ...], tensors: Mapping[str, Tensor]) -> None:
    """Undo `tensors_of`."""
    for name in names:
        setattr(learner, name, tensors[name.rstrip("_")].numpy())


def parameters_of(learner: BaseEstimator) -> dict[str, Any]:
    """Return the parameters of a learner as JSON can hold them."""
    return {
        name: value.item() if isinstance(value, np.generic) else value for name, value in learner.get_params().items()
    }


def _with_tuples(value: object) -> object:
    """Turn lists, which is what JSON makes of tuples, back into tuples."""
    return tuple(_with_tuples(each) for each in value) if isinstance(value, list) else value
