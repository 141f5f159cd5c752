"""Work that goes on behind the page: warming the engine and indexing a folder."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from mmsearch.errors import BadInput, MmsearchError
from mmsearch.types import Progress, RunReport

if TYPE_CHECKING:
    from mmsearch.engine import Engine

_log = logging.getLogger(__name__)


def warm_in_background(engine: "Engine") -> Thread:
    """Load the encoder and the index in a thread, so that the page can come up meanwhile.

    A failure is only logged: the first search meets it again and tells the user.
    """

    def warm() -> None:
        try:
            engine.warm_up()
        except MmsearchError as error:
            _log.warning("The engine could not be warmed up: %s", error)

    thread = Thread(target=warm, name="mmsearch-warm-up", daemon=True)
    thread.start()
    return thread


@dataclass(frozen=True, slots=True)
class JobState:
    """Where the indexing run that this process started last stands."""

    state: str = "idle"  # idle, running, stopping or over
    source: str = ""
    collection: str = ""
    progress: Progress | None = None
    report: RunReport | None = None  # of a run that is over
    problem: str | None = None  # why it failed, for the user

    @property
    def running(self) -> bool:
        """Whether work still goes on."""
        return self.state in {"running", "stopping"}


class IndexJobs:
    """Runs one indexing job at a time in a thread; any page may look at it, and closing a page does not end it."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._lock = Lock()
        self._now = JobState()
        self._cancel = Event()
        self._thread: Thread | None = None

    @property
    def now(self) -> JobState:
        """What can be said at this moment."""
        return self._now

    def start(self, source: str, collection: str, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        """Begin to index `source` into `collection`, or go on where a run of it was stopped.

        Raises:
            BadInput: If a run is going on already.
        """
        with self._lock:
            if self._now.running:
                raise BadInput(f"{self._now.source} is being indexed already. Cancel it or wait until it is done.")
            self._now = JobState("running", source, collection)
            self._cancel = Event()
            arguments = (source, collection, tuple(include), tuple(exclude), self._cancel)
            self._thread = Thread(target=self._run, args=arguments, name="mmsearch-index", daemon=True)
            self._thread.start()

    def cancel(self) -> None:
        """Ask the run to stop after its current batch; what is done is kept."""
        with self._lock:
            if self._now.running:
                self._cancel.set()
                self._now = replace(self._now, state="stopping")

    def wait(self, timeout: float | None = None) -> None:
        """Wait until no run is going on, or for `timeout` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)

    def _run(self, source: str, collection: str, include: Sequence[str], exclude: Sequence[str], cancel: Event) -> None:
        report, problem = None, None
        try:
            report = self._engine.index(
                source, collection=collection, include=include, exclude=exclude, progress=self._note, cancel=cancel
            )
        except MmsearchError as error:
            problem = str(error)
        except Exception as error:  # a thread has no caller: without this the page would wait for ever
            _log.exception("Indexing %s failed", source)
            problem = f"{type(error).__name__}: {error}"
        with self._lock:
            self._now = replace(self._now, state="over", report=report, problem=problem)

    def _note(self, progress: Progress) -> None:
        with self._lock:
            self._now = replace(self._now, progress=progress)
