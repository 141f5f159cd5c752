"""What an upgrade does to collections that the encoder had read before it."""

from threading import Event

import pytest

from mmsearch.engine import Engine
from mmsearch.errors import NotIndexed, UnknownName
from tests.encoders.fakes import KeywordEncoder
from tests.pictures import save_many, save_picture


def load_new(name):
    """Open the same encoder after an upgrade changed its weights."""
    if name != "bundled":
        raise UnknownName("encoder", name, ("bundled",))
    return KeywordEncoder(name, "ffffffffffffffff")


@pytest.fixture
def upgraded(engine, settings, no_samples, folder):
    """An engine whose encoder has changed since the library was indexed."""
    save_picture(folder / "red.png", "red")
    save_many(folder / "more", 80)
    engine.index(folder)
    engine.close()
    with Engine(settings, no_samples, load_new) as later:
        yield later


def test_nothing_is_outdated_where_nothing_changed(engine, folder):
    save_picture(folder / "red.png", "red")
    engine.index(folder)

    assert engine.outdated() == {}


def test_a_changed_encoder_has_to_read_its_collections_anew(upgraded):
    with pytest.raises(NotIndexed):
        upgraded.search("red")
    assert upgraded.outdated() == {"library": "bundled"}

    upgraded.build("library", "bundled")

    assert upgraded.outdated() == {}
    assert upgraded.search("red", k=1).hits[0].score == pytest.approx(1.0)


def test_what_was_stopped_half_way_is_still_outdated(upgraded):
    cancel = Event()

    upgraded.build("library", "bundled", cancel=cancel, progress=lambda _: cancel.set())

    assert upgraded.outdated() == {"library": "bundled"}


def test_an_encoder_that_is_gone_outdates_nothing(engine, settings, no_samples, folder):
    save_picture(folder / "red.png", "red")
    engine.index(folder, encoder="other")
    engine.use_encoder("library", "other")
    engine.close()

    with Engine(settings, no_samples, load_new) as later:
        assert later.outdated() == {}


def test_another_encoder_that_never_read_a_collection_outdates_nothing(engine, folder):
    save_picture(folder / "red.png", "red")
    engine.index(folder, encoder="other")

    assert engine.outdated() == {}
