"""A limit on the time that one file may take."""

import io
import time

from mmsearch.collection.reasons import Reason
from mmsearch.errors import BadPicture


class Deadline:
    """The moment at which reading a file is given up.

    Args:
        seconds: From now; None for as long as it takes.
    """

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = seconds
        self._end = float("inf") if seconds is None else time.monotonic() + seconds

    def check(self) -> None:
        """Raise `BadPicture` once the time is up."""
        if time.monotonic() > self._end:
            raise BadPicture(Reason.SLOW.format(f"{self._seconds:g}"))


class TimedBytes(io.BytesIO):
    """Bytes in memory that cannot be read any more once the time is up.

    A decoder cannot be interrupted, but most ask for their input piece by piece.
    """

    def __init__(self, data: bytes, deadline: Deadline) -> None:
        super().__init__(data)
        self._deadline = deadline

    def read(self, size: int | None = -1, /) -> bytes:
        """Read as usual, while there is time."""
        self._deadline.check()
        return super().read(size)
