"""Reads files in other threads while earlier ones are encoded."""

import time
from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, wait
from queue import SimpleQueue
from threading import Event, Lock, Thread, current_thread
from typing import Generic, TypeVar

from mmsearch.errors import SourceError

T = TypeVar("T")
R = TypeVar("R")

MAX_STUCK = 16  # readings that may hang at the same time; each holds a thread and perhaps a picture in memory


def read_ahead(
    work: Callable[[T], R],
    values: Iterable[T],
    *,
    threads: int,
    ahead: int,
    patience: float | None = None,
    give_up: Callable[[T], R] | None = None,
) -> Generator[R, None, None]:
    """Yield work(value) in order, never more than `ahead` of them waiting in memory.

    Closing the iterator drops what was not begun. The threads do not keep the process from ending.

    Args:
        work: Called in one of the threads.
        values: What to call it with.
        threads: How many calls run at once.
        ahead: How many calls may be begun or done before their turn.
        patience: Seconds after which a call that has not come back is left to itself; None for never.
        give_up: Says what to yield in its place; needed with `patience`.

    Raises:
        SourceError: If more than `MAX_STUCK` calls hang at the same time.
    """
    crew: _Crew[T, R] = _Crew(work, threads)
    waiting: deque[_Task[T, R]] = deque()
    try:
        for value in values:
            waiting.append(crew.take(value))
            if len(waiting) > ahead:
                yield _outcome(crew, waiting.popleft(), patience, give_up)
        while waiting:
            yield _outcome(crew, waiting.popleft(), patience, give_up)
    finally:
        for task in waiting:
            task.result.cancel()
        crew.dismiss(patience)


class _Task(Generic[T, R]):
    """One call, to be made or made."""

    def __init__(self, value: T) -> None:
        self.value = value
        self.result: Future[R] = Future()
        self.begun = Event()
        self.began = 0.0  # by time.monotonic(), once `begun` is set
        self.thread = current_thread()  # that makes the call, once `begun` is set


def _outcome(crew: "_Crew[T, R]", task: _Task[T, R], patience: float | None, give_up: Callable[[T], R] | None) -> R:
    """Return what came of a call, in time or in its place."""
    if patience is None or give_up is None:
        return task.result.result()
    task.begun.wait()  # soon: those before it are done or left, so that some thread comes to it next
    wait([task.result], max(0.0, task.began + patience - time.monotonic()))
    return give_up(task.value) if crew.leave(task) else task.result.result()


class _Crew(Generic[T, R]):
    """Threads that make calls. Those of `concurrent.futures` keep the process from ending; these do not."""

    def __init__(self, work: Callable[[T], R], threads: int) -> None:
        self._work = work
        self._tasks: SimpleQueue[_Task[T, R] | None] = SimpleQueue()
        self._lock = Lock()
        self._stuck: set[_Task[T, R]] = set()
        self._threads = {self._hire() for _ in range(threads)}

    def take(self, value: T) -> _Task[T, R]:
        """Have a call made."""
        task: _Task[T, R] = _Task(value)
        self._tasks.put(task)
        return task

    def leave(self, task: _Task[T, R]) -> bool:
        """Leave a call that has not come back to itself and replace its thread; False if it has."""
        with self._lock:
            if task.result.done():
                return False
            self._stuck.add(task)
            self._threads.remove(task.thread)
        if len(self._stuck) > MAX_STUCK:
            raise SourceError(
                f"{MAX_STUCK} files could not be read in time and are still being read. Is their disk there? "
                "What is done is kept; index it again once it is."
            )
        self._threads.add(self._hire())
        return True

    def dismiss(self, patience: float | None) -> None:
        """End the threads; wait for those that are not stuck, but no longer than for any call."""
        for _ in self._threads:
            self._tasks.put(None)
        for thread in self._threads:
            thread.join(patience)

    def _hire(self) -> Thread:
        thread = Thread(target=self._labour, name="read", daemon=True)
        thread.start()
        return thread

    def _labour(self) -> None:
        """Make calls until there is no more to do, or until another thread has taken this one's place."""
        while (task := self._tasks.get()) is not None:
            if not task.result.set_running_or_notify_cancel():
                continue
            task.began, task.thread = time.monotonic(), current_thread()
            task.begun.set()
            try:
                task.result.set_result(self._work(task.value))
            except BaseException as error:  # raised again where the result is asked for
                task.result.set_exception(error)
            with self._lock:
                if task in self._stuck:
                    self._stuck.remove(task)
                    return
