"""Follows a fit, so that one can see it learn."""

from collections.abc import Callable
from dataclasses import replace

from mmsearch.alignment.base import FitProgress
from mmsearch.types import Curve


class FitWatcher:
    """Collects the curves of a fit as it goes on.

    A learner may fit more than once: an adaptation first on a part, then on all, an ensemble each of its members. Each
    time its epochs begin anew, and so does a curve.

    Args:
        told: Called with each step and the curves so far, the last of which is the one that still grows.
    """

    def __init__(self, told: Callable[[FitProgress, tuple[Curve, ...]], None]) -> None:
        self._told = told
        self._done = 0
        self.curves: tuple[Curve, ...] = ()

    def __call__(self, step: FitProgress) -> None:
        """Note a step and pass it on."""
        if step.loss is not None:
            if step.done <= self._done or not self.curves:
                self.curves = (*self.curves, Curve())
            *before, now = self.curves
            held_out = now.held_out if step.held_out is None else (*now.held_out, step.held_out)
            self.curves = (*before, replace(now, loss=(*now.loss, step.loss), held_out=held_out))
            self._done = step.done
        self._told(step, self.curves)
