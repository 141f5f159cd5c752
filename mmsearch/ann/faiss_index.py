"""Exact search with FAISS. The only module that imports it."""

from typing import Any

import faiss
import numpy as np

from mmsearch.ann.base import VectorIndex
from mmsearch.errors import VectorIndexError
from mmsearch.types import Ids, Scores, Vectors


class FaissFlatIndex(VectorIndex):
    """Every stored vector is compared with the query: exact, and right up to about 100,000 vectors."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self._index: Any = faiss.IndexIDMap2(faiss.IndexFlatIP(dim))  # faiss ships no type hints

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Ids, vectors: Vectors) -> None:
        """Store (n, dim) vectors under (n,) ids, replacing those already there."""
        self._check_rows(vectors, "vectors")
        if ids.shape != (len(vectors),):
            raise VectorIndexError(f"{len(vectors)} vectors need as many ids; got ids of shape {ids.shape}.")
        if len(np.unique(ids)) != len(ids) or (ids < 0).any():
            raise VectorIndexError("Ids must be different from each other and not negative.")
        self.remove(ids)
        if len(ids):
            self._index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))

    def remove(self, ids: Ids) -> None:
        """Forget these ids; unknown ones are ignored."""
        if len(ids) and len(self):
            self._index.remove_ids(faiss.IDSelectorBatch(np.ascontiguousarray(ids, np.int64)))

    def search(self, queries: Vectors, k: int, allowed: Ids | None = None) -> tuple[Scores, Ids]:
        """Return scores and ids, both (n_queries, k), best first, among `allowed` if given."""
        self._check_rows(queries, "queries")
        if k < 1:
            raise VectorIndexError(f"k must be at least 1; got {k}.")
        parameters = None
        if allowed is not None:
            parameters = faiss.SearchParameters()
            parameters.sel = faiss.IDSelectorBatch(np.ascontiguousarray(allowed, np.int64))
        scores, ids = self._index.search(np.ascontiguousarray(queries, np.float32), k, params=parameters)
        scores[ids < 0] = -np.inf  # FAISS pads with the lowest float
        return scores, ids

    def to_bytes(self) -> bytes:
        """Return all of it, for `from_bytes`."""
        return bytes(faiss.serialize_index(self._index))

    @classmethod
    def from_bytes(cls, payload: bytes) -> "FaissFlatIndex":
        """Restore what `to_bytes` gave."""
        try:
            index = faiss.deserialize_index(np.frombuffer(payload, np.uint8))
        except RuntimeError as error:  # what FAISS raises for anything it cannot read
            raise VectorIndexError(f"These {len(payload)} bytes are not a FAISS index: {error}") from error
        if not isinstance(index, faiss.IndexIDMap2):
            raise VectorIndexError(f"Expected a flat index with ids; found {type(index).__name__}.")
        restored = cls(index.d)
        restored._index = index
        return restored

    def _check_rows(self, rows: Vectors, name: str) -> None:
        if rows.ndim != 2 or rows.shape[1] != self.dim:
            raise VectorIndexError(f"{name} must have the shape (n, {self.dim}); got {rows.shape}.")
