"""Work that goes on behind the page: warming the engine, indexing, building an encoder's vectors, aligning encoders."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from mmsearch.errors import BadInput, MmsearchError
from mmsearch.types import Progress, RunReport

if TYPE_CHECKING:
    from mmsearch.engine import Engine
    from mmsearch.laboratory import AlignReport

_log = logging.getLogger(__name__)


def warm_in_background(engine: "Engine") -> Thread:
    """Load the encoder and the index in a thread, so that the page can come up meanwhile, then look at the samples.

    A failure is only logged: the first search meets it again and tells the user.
    """

    def warm() -> None:
        try:
            engine.warm_up()
            engine.look_ahead()
        except MmsearchError as error:
            _log.warning("The engine could not be warmed up: %s", error)

    thread = Thread(target=warm, name="mmsearch-warm-up", daemon=True)
    thread.start()
    return thread


@dataclass(frozen=True, slots=True)
class JobState:
    """Where the run that this process started last stands."""

    state: str = "idle"  # idle, running, stopping or over
    work: str = "index"  # index a source, build an encoder's vectors, or align encoders
    source: str = ""  # of index
    collection: str = ""
    encoder: str = ""  # of build
    progress: Progress | None = None
    report: "RunReport | AlignReport | None" = None  # of a run that is over
    problem: str | None = None  # why it failed, for the user

    @property
    def running(self) -> bool:
        """Whether work still goes on."""
        return self.state in {"running", "stopping"}


class Jobs:
    """Runs one job at a time in a thread; any page may look at it, and closing a page does not end it."""

    def __init__(self, engine: "Engine") -> None:
        self._engine = engine
        self._lock = Lock()
        self._now = JobState()
        self._cancel = Event()
        self._thread: Thread | None = None
        self._alignment: AlignReport | None = None

    @property
    def alignment(self) -> "AlignReport | None":
        """What the laboratory found last, whatever ran since; None if it has not run."""
        return self._alignment

    @property
    def now(self) -> JobState:
        """What can be said at this moment."""
        return self._now

    def index(self, source: str, collection: str, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> None:
        """Begin to index `source` into `collection`, or go on where a run of it was stopped.

        Raises:
            BadInput: If a run is going on already.
        """
        self._start(
            JobState("running", "index", source, collection),
            lambda cancel: self._engine.index(
                source,
                collection=collection,
                include=tuple(include),
                exclude=tuple(exclude),
                progress=self._note,
                cancel=cancel,
            ),
        )

    def build(self, collection: str, encoder: str, use: bool = False) -> None:
        """Begin to make the vectors that `encoder` lacks of a collection, or go on with that.

        Args:
            collection: Which one.
            encoder: Which encoder reads it.
            use: Whether to let it search the collection once it has read all of it.

        Raises:
            BadInput: If a run is going on already.
        """

        def work(cancel: Event) -> RunReport:
            report = self._engine.build(collection, encoder, progress=self._note, cancel=cancel)
            if use and report.state == "done":
                self._engine.use_encoder(collection, encoder)
            return report

        self._start(JobState("running", "build", collection=collection, encoder=encoder), work)

    def align(self, collection: str, image_encoder: str, text_encoder: str | None, method: str) -> None:
        """Begin to learn from a collection what brings two encoders together, or adapts one.

        Raises:
            BadInput: If a run is going on already.
        """

        def work(cancel: Event) -> "AlignReport":
            self._alignment = self._engine.align(
                collection,
                image_encoder=image_encoder,
                text_encoder=text_encoder,
                method=method,
                progress=self._note,
                cancel=cancel,
            )
            return self._alignment

        self._start(JobState("running", "align", collection=collection), work)

    def catch_up(self) -> Thread:
        """Let encoders that an upgrade changed read their collections anew, one after the other, in a thread."""

        def work() -> None:
            try:
                for collection, encoder in sorted(self._engine.outdated().items()):
                    self.wait()
                    self.build(collection, encoder)
            except MmsearchError as error:
                _log.warning("Collections could not be brought up to date: %s", error)

        thread = Thread(target=work, name="mmsearch-catch-up", daemon=True)
        thread.start()
        return thread

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

    def _start(self, job: JobState, work: "Callable[[Event], RunReport | AlignReport]") -> None:
        with self._lock:
            if self._now.running:
                raise BadInput("One run is going on already. Cancel it or wait until it is done.")
            self._now = job
            self._cancel = Event()
            self._thread = Thread(target=self._run, args=(work, self._cancel), name="mmsearch-job", daemon=True)
            self._thread.start()

    def _run(self, work: "Callable[[Event], RunReport | AlignReport]", cancel: Event) -> None:
        report, problem = None, None
        try:
            report = work(cancel)
        except MmsearchError as error:
            problem = str(error)
        except Exception as error:  # a thread has no caller: without this the page would wait for ever
            _log.exception("A run failed")
            problem = f"{type(error).__name__}: {error}"
        with self._lock:
            self._now = replace(self._now, state="over", report=report, problem=problem)

    def _note(self, progress: Progress) -> None:
        with self._lock:
            self._now = replace(self._now, progress=progress)
