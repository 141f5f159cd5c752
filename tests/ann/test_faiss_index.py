import faiss
import numpy as np
import pytest

from mmsearch.ann.faiss_index import FaissFlatIndex
from mmsearch.errors import VectorIndexError
from tests.ann.contract import IndexContract


class TestFaissFlatIndex(IndexContract):
    @pytest.fixture
    def index(self):
        return FaissFlatIndex(dim=4)

    def test_refuses_a_faiss_index_without_ids(self):
        payload = faiss.serialize_index(faiss.IndexFlatIP(4)).tobytes()

        with pytest.raises(VectorIndexError, match="IndexFlatIP"):
            FaissFlatIndex.from_bytes(payload)

    def test_takes_vectors_that_are_not_contiguous(self, index):
        index.add(np.array([1, 2]), np.asfortranarray(np.eye(4, dtype=np.float32)[:2]))

        assert index.search(np.eye(4, dtype=np.float32)[1:2], k=1)[1].tolist() == [[2]]
