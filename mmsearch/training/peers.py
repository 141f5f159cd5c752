"""Processes that share the batches of each step: two of one thread each do more than one of two threads."""

import os
import tempfile
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from pathlib import Path
from threading import Thread

import torch
from torch import Tensor
from torch import distributed as dist

from mmsearch.errors import TrainingError

_PATIENCE = timedelta(minutes=20)  # for a peer that gets ready or draws a checkpoint


class PeerStoppedError(TrainingError):
    """Another process stopped, for a reason that it knows better."""


@dataclass(frozen=True)
class Peers:
    """A process among those that train one network.

    Args:
        rank: Its number.
        count: Of all.
    """

    rank: int = 0
    count: int = 1

    def mine(self, numbers: Sequence[int]) -> Sequence[int]:
        """Return those of some numbers that this process sees to."""
        return numbers[self.rank :: self.count]

    def add_up(self, tensors: Sequence[Tensor]) -> None:
        """Replace tensors by their sums over all processes.

        Raises:
            PeerStoppedError: If another process stopped.
        """
        if self.count > 1:
            flat = torch.cat([each.flatten() for each in tensors])
            try:
                dist.all_reduce(flat)
            except RuntimeError as error:
                raise PeerStoppedError(f"A process that shares the training stopped: {error}.") from error
            sums = torch.split(flat, [each.numel() for each in tensors])
            for each, summed in zip(tensors, sums, strict=True):
                each.copy_(summed.view_as(each))

    def totals(self, mine: dict[str, float]) -> dict[str, float]:
        """Return the sums of named numbers over all processes."""
        if self.count == 1:
            return mine
        told: list[dict[str, float]] = [{} for _ in range(self.count)]
        dist.all_gather_object(told, mine)
        names = dict.fromkeys(name for each in told for name in each)
        return {name: sum(each.get(name, 0.0) for each in told) for name in names}


ALONE = Peers()


@contextmanager
def _joined(peers: Peers, meeting: str, threads: int) -> Iterator[Peers]:
    torch.set_num_threads(threads)
    dist.init_process_group("gloo", f"file://{meeting}", rank=peers.rank, world_size=peers.count, timeout=_PATIENCE)
    try:
        yield peers
    finally:
        dist.destroy_process_group()


def leave_with_parent() -> None:
    """End this process when the one that started it is gone, even if it was killed: it would wait for ever."""

    def watch() -> None:
        parent = parent_process()
        if parent:
            wait([parent.sentinel])
            os._exit(1)

    Thread(target=watch, daemon=True).start()


def _follow(work: Callable[..., object], arguments: Sequence[object], peers: Peers, meeting: str, threads: int) -> None:
    with _joined(peers, meeting, threads):
        work(*arguments, peers)


@contextmanager
def together(count: int, work: Callable[..., object], *arguments: object) -> Iterator[Peers]:
    """Start processes that train along with this one, on a share of its threads each.

    Args:
        count: Of all processes; 1 starts none.
        work: Called in each of the others with the arguments and its `Peers`; of a module that can be imported.
        arguments: That can be pickled.

    Raises:
        TrainingError: If one of the others failed.
    """
    if count == 1:
        yield ALONE
        return
    usual = torch.get_num_threads()
    threads = max(1, usual // count)
    with (
        tempfile.TemporaryDirectory() as folder,
        ProcessPoolExecutor(count - 1, mp_context=get_context("spawn"), initializer=leave_with_parent) as pool,
    ):
        meeting = str(Path(folder) / "meeting")
        others = [
            pool.submit(_follow, work, arguments, Peers(rank, count), meeting, threads) for rank in range(1, count)
        ]
        try:
            with _joined(Peers(0, count), meeting, threads) as mine:
                yield mine
        except PeerStoppedError:
            for other in others:
                other.result()
            raise
        finally:
            torch.set_num_threads(usual)
        for other in others:
            other.result()
