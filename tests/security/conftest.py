import pytest

from tests.collection.conftest import Source


@pytest.fixture
def source(tmp_path):
    root = tmp_path / "source"
    root.mkdir()
    return Source(root)


@pytest.fixture
def secret(tmp_path):
    """A picture that lies outside of the source."""
    return Source(tmp_path / "elsewhere").picture("secret.png")
