"""Work in batches that shrink where memory runs out."""

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from mmsearch.errors import RerankerError

log = logging.getLogger(__name__)

T = TypeVar("T")


def in_batches(
    work: Callable[[Sequence[int]], T], rows: Sequence[int], size: int, give_way: Callable[[], bool]
) -> Iterator[tuple[Sequence[int], T]]:
    """Yield rows, some at a time, and what comes of them.

    Where memory runs out, the batch is halved, for those that follow too; where a single row is too much, once
    more after `give_way`.

    Args:
        work: Does a batch.
        rows: All of them.
        size: Rows of a batch, at least one.
        give_way: Makes room, such as by leaving the GPU; returns whether it could.

    Raises:
        RerankerError: If a single row is too much for all that, or a batch fails for another reason.
    """
    at = 0
    while at < len(rows):
        batch = rows[at : at + size]
        try:
            done = work(batch)
        except (RuntimeError, ValueError, TypeError, IndexError, KeyError, MemoryError) as error:
            if not _out_of_memory(error):
                raise RerankerError(f"The re-ranker failed: {error}.") from error
            _free()
            if len(batch) > 1:
                size = (len(batch) + 1) // 2
                log.warning("Out of memory: going on with %d at a time.", size)
            elif not give_way():
                raise RerankerError(f"There is too little memory for a single pair: {error}.") from error
            continue
        yield batch, done
        at += len(batch)


def _out_of_memory(error: Exception) -> bool:
    import torch

    return isinstance(error, torch.OutOfMemoryError | MemoryError) or "can't allocate memory" in str(error)


def _free() -> None:
    """Give back what torch keeps of the GPU's memory."""
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
