"""The progress of a long run on stderr."""

import shutil
import sys
import time
from collections.abc import Callable
from typing import TextIO

from mmsearch.cli.terminal import duration
from mmsearch.types import Progress

REDRAW = 0.1  # seconds between two drawings of the line on a terminal
SPARSE = 10.0  # seconds between two lines in a log file


class ProgressLine:
    """Shows progress: one line drawn over and over on a terminal, now and then a line elsewhere.

    Args:
        stream: Where to write; stderr by default.
        clock: Returns seconds, ever rising.
    """

    def __init__(self, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._clock = clock
        self._tty = self._stream.isatty()
        self._phase = ""
        self._shown_at = float("-inf")
        self._open = False  # a drawn line awaits its newline

    def __call__(self, progress: Progress) -> None:
        """Show `progress` if a new phase began, it is at its end, or the last showing is old enough."""
        if not progress.done and not progress.total:
            return  # a phase with nothing to do
        due = self._clock() - self._shown_at >= (REDRAW if self._tty else SPARSE)
        if due or progress.phase != self._phase or (self._tty and progress.done == progress.total):
            self._phase, self._shown_at = progress.phase, self._clock()
            self._write(progress_text(progress))

    def close(self) -> None:
        """End the drawn line, so that what follows begins on its own."""
        if self._open:
            self._stream.write("\n")
            self._stream.flush()
            self._open = False

    def _write(self, text: str) -> None:
        if self._tty:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write(f"\r{text[:width]}\x1b[K")  # \x1b[K clears what a longer line left
            self._open = True
        else:
            self._stream.write(f"{text}\n")
        self._stream.flush()


def progress_text(progress: Progress) -> str:
    """Return progress in words: what is done of what, how fast, and how long it will take."""
    parts = [progress.phase, f"{progress.done:,}"]
    if progress.total:
        parts[1] += f"/{progress.total:,} ({progress.done * 100 // progress.total} %)"
    if progress.rate:
        parts.append(f"{progress.rate:.1f}/s")
    if progress.seconds_left is not None and progress.done < progress.total:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.skipped:
        parts.append(f"{progress.skipped:,} skipped")
    return "  ".join(parts)
