"""Answers that come in parts: what was found at once, then its order as a second opinion changes it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

from mmsearch.errors import BadInput, MmsearchError
from mmsearch.types import FIND
from mmsearch.ui import handlers, wire
from mmsearch.ui.uploads import arrived
from mmsearch.ui.wire import Told

if TYPE_CHECKING:
    from mmsearch.engine import Engine

SEARCHES_AT_ONCE = 4  # encoding keeps all cores busy; more at once would only slow each other down
MAX_BODY = 100_000  # bytes of a question


class Answers:
    """Answers questions of the page, a line of JSON for each part.

    Args:
        engine: What answers.
        arrivals: The folder that files of visitors arrive in.
    """

    def __init__(self, engine: "Engine", arrivals: Path) -> None:
        self._engine, self._arrivals = engine, arrivals
        self._turns = BoundedSemaphore(SEARCHES_AT_ONCE)

    def lines(self, body: bytes) -> Iterator[bytes]:
        """Yield the parts of the answer to a question; an error of ours is a part too, the last one."""
        try:
            parts = self._told(_read(body))
            while told := self._next(parts):
                yield _line(told)
        except MmsearchError as error:
            yield _line({"problem": str(error), "kind": type(error).__name__})

    def why(self, body: bytes) -> bytes:
        """Return why a hit was found, or an error of ours, as a line."""
        try:
            asked = _read(body)
            item = asked.get("item")
            told = handlers.explain(
                self._engine,
                str(asked.get("words", "")),
                None if item is None else int(item),
                arrived(asked.get("picture"), self._arrivals),
                str(asked.get("collection", "")),
                str(asked.get("encoder", "")),
            )
        except MmsearchError as error:
            told = {"problem": str(error), "kind": type(error).__name__}
        return _line(told)

    def _next(self, parts: Iterator[Told]) -> Told | None:
        """Return the next part; no turn is kept while it is sent, for a visitor may be slow to take it."""
        with self._turns:
            return next(parts, None)

    def _told(self, asked: Mapping[str, Any]) -> Iterator[Told]:
        return handlers.search_twice(
            self._engine,
            str(asked.get("words", "")),
            arrived(asked.get("picture"), self._arrivals),
            str(asked.get("target", "image")),
            int(asked.get("k", 60)),
            str(asked.get("collection", "")),
            str(asked.get("encoder", "")),
            str(asked.get("find", FIND[0])),
        )


def _read(body: bytes) -> Mapping[str, Any]:
    """Return what a page asked.

    Raises:
        BadInput: If that is no question.
    """
    try:
        asked = json.loads(body)
        int(asked.get("k", 60))
        int(asked.get("item") or 0)
        dict(asked.get("picture") or {})
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise BadInput(f"This is no question that the app understands: {error}.") from error
    return {str(name): wire.sendable(value) for name, value in asked.items()}


def _line(told: Told) -> bytes:
    return json.dumps(wire.sendable(told)).encode() + b"\n"
