"""Turns a query vector into hits."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mmsearch.search.live_index import LiveIndex
from mmsearch.store import Store
from mmsearch.types import Hit, Ids, Item, Modality, StoredText

MEASURE = "cosine"
SLACK = 8  # candidates beyond k: room for hits that collapse into one or have just been deleted


class Searcher:
    """Finds the items or texts of one collection nearest to a vector."""

    def __init__(self, store: Store, index: LiveIndex, target: Modality) -> None:
        self._store, self._index, self._target = store, index, target

    def search(self, query: NDArray[np.float32], k: int, exclude: Sequence[int] = ()) -> tuple[Hit, ...]:
        """Return the best k hits.

        Args:
            query: (dim,), unit length.
            k: At least 1.
            exclude: Items to leave out.

        Returns:
            At most k hits, best first. A text that two files state about one item is one hit.
        """
        wanted = k + len(exclude) + SLACK
        while True:
            scores, ids = self._index.search(query[None], wanted)
            found = ids[0][ids[0] >= 0]
            hits = self._hits(found, scores[0], set(exclude))[:k]
            if len(hits) == k or len(found) < wanted:
                return tuple(Hit(rank, *hit) for rank, hit in enumerate(hits, 1))
            wanted *= 4

    def _hits(
        self, ids: Ids, scores: NDArray[np.float32], exclude: set[int]
    ) -> list[tuple[float, Item, StoredText | None]]:
        """Look up what the ids stand for, in order, each thing once."""
        owners = self._item_ids(ids.tolist())
        items = self._store.read.items(sorted(set(owners.values()) - exclude))
        hits, seen = [], set()
        for owner, score in zip(ids.tolist(), scores.tolist(), strict=False):
            item = items.get(owners.get(owner, -1))
            if item is None or item.path is None:
                continue
            text = None if self._target is Modality.IMAGE else _stated(item, owner)
            if self._target is Modality.TEXT and text is None:
                continue  # another file states the same about the item
            if (item.id, text) not in seen:
                seen.add((item.id, text))
                hits.append((score, item, text))
        return hits

    def _item_ids(self, ids: Sequence[int]) -> dict[int, int]:
        if self._target is Modality.IMAGE:
            return {item_id: item_id for item_id in ids}
        return self._store.read.owners(ids)


def _stated(item: Item, text_id: int) -> StoredText | None:
    return next((text for text in item.texts if text.id == text_id), None)


def unit_sum(parts: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the direction between unit vectors, (dim,): a query of several parts."""
    total = np.sum(np.stack(parts), axis=0)
    direction: NDArray[np.float32] = (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)
    return direction
