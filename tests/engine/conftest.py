"""An engine that reads colours."""

import pytest

from mmsearch.engine import Engine, Settings
from mmsearch.engine.samples import Samples
from mmsearch.errors import UnknownName
from tests.encoders.fakes import KeywordEncoder


def load_fake(name: str) -> KeywordEncoder:
    encoders = {"bundled": "0123456789abcdef", "other": "feedfeedfeedfeed"}
    if name not in encoders:
        raise UnknownName("encoder", name, encoders)
    return KeywordEncoder(name, encoders[name])


@pytest.fixture
def no_samples(tmp_path):
    return Samples(tmp_path / "no-data", tmp_path / "no-pack.npz")


@pytest.fixture
def settings(tmp_path):
    return Settings(home=tmp_path / "home")


@pytest.fixture
def engine(settings, no_samples):
    with Engine(settings, no_samples, load_fake) as engine:
        yield engine


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    return folder
