"""A store, an encoder that reads colours, and a folder to index."""

import pytest

from mmsearch.indexing import Indexer
from mmsearch.store import Store
from tests.encoders.fakes import KeywordEncoder


@pytest.fixture
def store(tmp_path):
    store = Store(tmp_path / "home" / "mmsearch.db")
    yield store
    store.close()


@pytest.fixture
def encoder():
    return CountingEncoder()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder


@pytest.fixture
def indexer(store, encoder, tmp_path):
    return Indexer(store, encoder, tmp_path / "home" / "locks", max_pixels=1_000_000)


class CountingEncoder(KeywordEncoder):
    """Remembers how much it was given."""

    def __init__(self, name: str = "keywords", fingerprint: str = "0123456789abcdef") -> None:
        super().__init__(name, fingerprint)
        self.images_seen = 0
        self.texts_seen: list[str] = []

    def _encode_images(self, images):
        self.images_seen += len(images)
        return super()._encode_images(images)

    def _encode_texts(self, texts):
        self.texts_seen.extend(texts)
        return super()._encode_texts(texts)
