"""What every vector index must do."""

import numpy as np
import pytest

from mmsearch.ann.base import VectorIndex
from mmsearch.errors import VectorIndexError


def ids(*values: int) -> np.ndarray:
    return np.array(values, np.int64)


AXES = np.eye(4, dtype=np.float32)


class IndexContract:
    """Subclass it and give `index`, empty and 4 wide."""

    @pytest.fixture
    def index(self) -> VectorIndex:
        raise NotImplementedError

    def test_finds_the_largest_inner_product_first(self, index):
        index.add(ids(7, 3, 9), AXES[:3])

        scores, found = index.search(np.array([[0.6, 0.0, 0.8, 0.0]], np.float32), k=3)

        assert found.tolist() == [[9, 7, 3]]
        assert scores.tolist() == [[pytest.approx(0.8), pytest.approx(0.6), 0.0]]

    def test_answers_several_queries_at_once(self, index):
        index.add(ids(1, 2), AXES[:2])

        _, found = index.search(AXES[:2], k=1)

        assert found.tolist() == [[1], [2]]

    def test_pads_when_it_holds_fewer_than_k(self, index):
        scores, found = index.search(AXES[:1], k=3)

        assert found.tolist() == [[-1, -1, -1]]
        assert scores.tolist() == [[-np.inf] * 3]

    def test_searches_among_the_allowed_only(self, index):
        index.add(ids(1, 2, 3), AXES[:3])

        scores, found = index.search(AXES[:1], k=2, allowed=ids(2, 99))

        assert found.tolist() == [[2, -1]]
        assert scores[0, 1] == -np.inf

    def test_finds_nothing_where_nothing_is_allowed(self, index):
        index.add(ids(1), AXES[:1])

        _, found = index.search(AXES[:1], k=1, allowed=ids())

        assert found.tolist() == [[-1]]

    def test_replaces_a_vector_under_a_known_id(self, index):
        index.add(ids(1, 2), AXES[:2])
        index.add(ids(1), AXES[3:])

        scores, found = index.search(AXES[3:], k=1)

        assert (len(index), found.tolist(), scores.tolist()) == (2, [[1]], [[1.0]])

    def test_forgets_what_is_removed_and_ignores_the_unknown(self, index):
        index.add(ids(1, 2), AXES[:2])
        index.remove(ids(1, 42))

        _, found = index.search(AXES[:1], k=2)

        assert (len(index), found.tolist()) == (1, [[2, -1]])

    def test_takes_nothing_without_complaint(self, index):
        index.add(ids(), AXES[:0])
        index.remove(ids())

        assert len(index) == 0

    def test_keeps_ids_beyond_32_bits(self, index):
        index.add(ids(2**40), AXES[:1])

        assert index.search(AXES[:1], k=1)[1].tolist() == [[2**40]]

    def test_comes_back_from_its_bytes(self, index):
        index.add(ids(5, 6), AXES[:2])

        restored = type(index).from_bytes(index.to_bytes())

        assert (restored.dim, len(restored)) == (4, 2)
        assert restored.search(AXES[1:2], k=1)[1].tolist() == [[6]]

    def test_can_grow_after_coming_back(self, index):
        index.add(ids(5), AXES[:1])
        restored = type(index).from_bytes(index.to_bytes())
        restored.add(ids(5, 6), AXES[1:3])

        assert restored.search(AXES[1:2], k=1)[1].tolist() == [[5]]

    @pytest.mark.parametrize("payload", [b"", b"not an index", bytes(1000)])
    def test_refuses_bytes_of_something_else(self, index, payload):
        with pytest.raises(VectorIndexError):
            type(index).from_bytes(payload)

    def test_refuses_half_of_its_bytes(self, index):
        index.add(ids(5, 6), AXES[:2])
        payload = index.to_bytes()

        with pytest.raises(VectorIndexError):
            type(index).from_bytes(payload[: len(payload) // 2])

    def test_refuses_the_wrong_width(self, index):
        with pytest.raises(VectorIndexError, match=r"\(n, 4\)"):
            index.add(ids(1), np.ones((1, 5), np.float32))
        with pytest.raises(VectorIndexError, match=r"\(n, 4\)"):
            index.search(np.ones(4, np.float32), k=1)

    def test_refuses_ids_that_do_not_fit(self, index):
        for wrong in (ids(1), ids(1, 1), ids(-1, 2)):
            with pytest.raises(VectorIndexError):
                index.add(wrong, AXES[:2])
        assert len(index) == 0

    def test_refuses_k_below_one(self, index):
        with pytest.raises(VectorIndexError, match="k must be at least 1; got 0"):
            index.search(AXES[:1], k=0)

    def test_agrees_with_sorting_all_products(self, index):
        rng = np.random.default_rng(0)
        vectors = rng.standard_normal((200, 4)).astype(np.float32)
        queries = rng.standard_normal((9, 4)).astype(np.float32)
        index.add(np.arange(200) * 3, vectors)

        _, found = index.search(queries, k=11)

        assert found.tolist() == (np.argsort(-(queries @ vectors.T), axis=1)[:, :11] * 3).tolist()
