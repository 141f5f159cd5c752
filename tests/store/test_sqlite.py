import pytest

from mmsearch.store import Store
from tests.store.contract import StoreContract


class TestSqliteStore(StoreContract):
    @pytest.fixture
    def store(self, tmp_path):
        store = Store(tmp_path / "mmsearch.db")
        yield store
        store.close()
