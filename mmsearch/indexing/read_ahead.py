"""Reads files in other threads while earlier ones are encoded."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def read_ahead(work: Callable[[T], R], values: Iterable[T], *, threads: int, ahead: int) -> Generator[R, None, None]:
    """Yield work(value) in order, never more than `ahead` of them waiting in memory.

    Closing the iterator drops what was not begun.
    """
    waiting: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="read") as pool:
        try:
            for value in values:
                waiting.append(pool.submit(work, value))
                if len(waiting) > ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
