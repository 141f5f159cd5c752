"""Small folders of pairs, and encoders that know nothing of each other."""

import pytest

from mmsearch.nets.folder import save_folder
from tests.encoders.tiny_models import save_multilingual_texts
from tests.nets.tiny import tiny_network
from tests.training.captioned import captioned_folder


@pytest.fixture(scope="session")
def own(tmp_path_factory):
    """Return the folder of an untrained encoder of pictures and texts."""
    folder = tmp_path_factory.mktemp("own") / "own"
    save_folder(tiny_network(), folder)
    return folder


@pytest.fixture(scope="session")
def words(tmp_path_factory):
    """Return the folder of an untrained model of texts alone."""
    folder = tmp_path_factory.mktemp("words") / "words"
    save_multilingual_texts(folder)
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Return a folder of 30 captioned pictures: six colours at five places."""
    return captioned_folder(tmp_path_factory.mktemp("pairs") / "photos", places=5)
