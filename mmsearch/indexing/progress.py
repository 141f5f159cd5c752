"""Says truthfully how a run goes on: counts, rate and time left."""

import time
from collections.abc import Callable

from mmsearch.types import Progress

ProgressCallback = Callable[[Progress], None]
INTERVAL = 0.1  # seconds between two reports at least
WINDOW = 10.0  # seconds over which the rate is taken, so that it follows a slow stretch


class Meter:
    """Counts the steps of one phase after another and reports them."""

    def __init__(self, report: ProgressCallback | None) -> None:
        self._report = report
        self.skipped = 0
        self._start("scan", 0)

    def start(self, phase: str, total: int) -> None:
        """Begin a phase of `total` steps."""
        self._start(phase, total)
        self._tell(force=True)

    def step(self, count: int = 1) -> None:
        """Note that `count` more steps are done."""
        self._done += count
        self._marks.append((time.monotonic(), self._done))
        while len(self._marks) > 2 and self._marks[-1][0] - self._marks[0][0] > WINDOW:
            self._marks.pop(0)
        self._tell(force=self._done == self._total)

    def _start(self, phase: str, total: int) -> None:
        self._phase, self._done, self._total = phase, 0, total
        self._marks = [(time.monotonic(), 0)]
        self._told = 0.0

    def _tell(self, force: bool) -> None:
        now = time.monotonic()
        if self._report is None or (not force and now - self._told < INTERVAL):
            return
        self._told = now
        rate = self._rate()
        left = (self._total - self._done) / rate if rate else None
        self._report(Progress(self._phase, self._done, self._total, self.skipped, rate, left))

    def _rate(self) -> float:
        """Steps a second over the last stretch; 0 until two marks are there."""
        (began, first), (ended, last) = self._marks[0], self._marks[-1]
        return (last - first) / (ended - began) if ended > began else 0.0
