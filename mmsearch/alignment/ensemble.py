"""Several learners as one."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from torch import Tensor, nn

from mmsearch.alignment.base import Aligner, Report
from mmsearch.alignment.checks import Pairs, Rows, unit_rows
from mmsearch.alignment.learners import LEARNERS
from mmsearch.errors import BadInput, UnknownName
from mmsearch.nets.projections import Joined

Member = tuple[str, dict[str, Any]]  # name of a learner, and its parameters


class Ensemble(Aligner):
    """Fits several learners on the same pairs and lays their codes side by side.

    The cosine of two joined codes is the mean of the members' cosines, so mistakes that members do not share average
    out. Members may be of one method with other seeds, or of several methods.

    Args:
        members: For each the name of a learner, as in `LEARNERS`, and parameters that differ from its defaults.

    Attributes:
        members_: The fitted learners.
    """

    members_: tuple[Aligner, ...]

    def __init__(
        self,
        members: tuple[Member, ...] = (
            ("contrastive", {"random_state": 0}),
            ("contrastive", {"random_state": 1}),
            ("contrastive", {"random_state": 2}),
            ("kernel-cca", {}),
        ),
    ) -> None:
        self.members = members

    def _check_parameters(self) -> None:
        if not self.members:
            raise BadInput("An ensemble needs one member at least.")
        for member in self._new_members():
            member._check_parameters()

    def _new_members(self) -> tuple[Aligner, ...]:
        try:
            return tuple(LEARNERS[name](**parameters) for name, parameters in self.members)
        except KeyError as error:
            raise UnknownName("learner", str(error.args[0]), LEARNERS) from error
        except (TypeError, ValueError) as error:
            raise BadInput(f"members is {self.members!r}; needed are names with parameters: {error}") from error

    def _learn(self, pairs: Pairs, progress: Report | None) -> None:
        members = self._new_members()
        for member in members:
            member._learn(pairs, progress)
            member.widths_ = (pairs.image.shape[1], pairs.text.shape[1])
        self.members_ = members

    def _project(self, rows: Rows, view: int) -> Rows:
        return np.concatenate([unit_rows(member._project(rows, view)) for member in self.members_], axis=1)

    def projection(self, view: int) -> nn.Module:
        """Return the map of a view as a network."""
        self._check_fitted()
        return Joined([member.projection(view) for member in self.members_], [1.0] * len(self.members_))

    def _tensors(self) -> dict[str, Tensor]:
        return {
            f"{i}.{name}": tensor
            for i, member in enumerate(self.members_)
            for name, tensor in member._tensors().items()
        }

    def _restore(self, tensors: Mapping[str, Tensor]) -> None:
        members = self._new_members()
        for i, member in enumerate(members):
            member.widths_ = self.widths_
            own = {n.removeprefix(f"{i}."): tensor for n, tensor in tensors.items() if n.startswith(f"{i}.")}
            member._restore(own)
        self.members_ = members
