"""Things that are costly to open."""

from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Opened(Generic[K, V]):
    """Opens each thing once, when it is first asked for. Who asks for one does not wait while another is opened.

    Args:
        open_one: Opens the thing of a key; called again if it failed.
    """

    def __init__(self, open_one: Callable[[K], V]) -> None:
        self._open_one, self._lock = open_one, Lock()
        self._opening: dict[K, Lock] = {}
        self._values: dict[K, V] = {}

    def __call__(self, key: K) -> V:
        """Return the thing of a key."""
        with self._lock:
            if key in self._values:
                return self._values[key]
            opening = self._opening.setdefault(key, Lock())
        with opening:
            if key not in self._values:
                value = self._open_one(key)
                with self._lock:
                    self._values[key] = value
            return self._values[key]

    def all(self) -> dict[K, V]:
        """Return what is open."""
        with self._lock:
            return dict(self._values)

    def forget(self, key: K) -> V | None:
        """Return what a key opened, to be opened anew when it is next asked for."""
        with self._lock:
            return self._values.pop(key, None)
