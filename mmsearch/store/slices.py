"""Long lists of ids, a statement's worth at a time: databases limit the parameters of one statement."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
PARAMETERS = 500


def slices(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """Yield `values` in pieces that fit one statement."""
    for start in range(0, len(values), PARAMETERS):
        yield values[start : start + PARAMETERS]
