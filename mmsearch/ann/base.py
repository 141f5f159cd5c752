"""The contract of a vector index."""

from abc import ABC, abstractmethod

from mmsearch.types import Ids, Scores, Vectors


class VectorIndex(ABC):
    """Finds the stored vectors with the largest inner product.

    Safe to search from several threads; add and remove need the caller's lock.
    """

    dim: int

    @abstractmethod
    def __len__(self) -> int:
        """Return how many vectors it holds."""

    @abstractmethod
    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Store (n, dim) vectors under (n,) ids, replacing those already there.

        Raises:
            VectorIndexError: If the shapes disagree or an id is negative or given twice.
        """

    @abstractmethod
    def remove(self, ids: Ids) -> None:
        """Forget these ids; unknown ones are ignored."""

    @abstractmethod
    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Scores, Ids]:
        """Return scores and ids, both (n_queries, k), best first, among `allowed` if given.

        When fewer than k vectors qualify, the tail holds id -1 and score -inf.

        Raises:
            VectorIndexError: If the queries are not (n, dim) or k is not positive.
        """

    @abstractmethod
    def to_bytes(self) -> bytes:
        """Return all of it, for `from_bytes`."""

    @classmethod
    @abstractmethod
    def from_bytes(cls, payload: bytes) -> "VectorIndex":
        """Restore what `to_bytes` gave.

        Raises:
            VectorIndexError: If the payload is not one of this index's.
        """
