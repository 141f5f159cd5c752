"""How many threads torch computes with, and how they wait for each other."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

_POLICY = "OMP_WAIT_POLICY"


def let_waiting_threads_sleep() -> None:
    """Let torch's workers sleep between the parts of a computation; call it before torch is first imported.

    By default they spin for a while. On a machine that does anything else at the same time, such as indexing
    while somebody searches, the spinning thread takes the core from the one it waits for: a text query on two
    busy cores took 406 ms with spinning and 26 ms without. A setting of the user's own is left alone.
    """
    os.environ.setdefault(_POLICY, "PASSIVE")


@contextmanager
def threads(n: int, usual: int) -> Iterator[None]:
    """Compute with `n` threads within the block.

    Each thread of Python has a number of its own in torch, taken at its first computation from a common one, which
    another thread may have lowered just then: so the number is set for every computation, not only for the odd ones.

    Args:
        n: Threads within the block.
        usual: What the common number is afterwards.
    """
    import torch

    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(usual)
