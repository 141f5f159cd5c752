"""What tests of searching share."""

import pytest

from mmsearch.store import Store


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "mmsearch.db")
    yield store
    store.close()
