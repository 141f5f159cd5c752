"""Files and records that would hold up, or deceive, a run and those who watch it."""

import logging
from threading import Event

import pytest

import mmsearch.indexing.reading
from mmsearch.collection import read_picture_file
from mmsearch.engine import Engine, Settings
from mmsearch.engine.samples import Samples
from mmsearch.types import Skip
from tests.collection.drawing import encoded, quarters
from tests.encoders.fakes import KeywordEncoder


@pytest.fixture
def engine(tmp_path):
    samples = Samples(tmp_path / "no-data", tmp_path / "no-pack.npz")
    settings = Settings(home=tmp_path / "home", max_seconds=0.2)
    with Engine(settings, samples, lambda name: KeywordEncoder()) as engine:
        yield engine


def test_a_file_that_never_answers_is_skipped_and_the_run_goes_on(engine, source, monkeypatch):
    for name in ("a.png", "hanging.png", "z.png"):
        source.write(name, encoded(quarters(10 + ord(name[0]), 10)))
    release = Event()

    def hang(path, **options):
        if path.name == "hanging.png":
            release.wait()
        return read_picture_file(path, **options)

    monkeypatch.setattr(mmsearch.indexing.reading, "read_picture_file", hang)
    report = engine.index(source.root, collection="library")
    release.set()

    assert (report.state, report.added) == ("done", 2)
    assert report.skips == (Skip("hanging.png", "took longer than 0.6 s"),)


def test_a_name_cannot_forge_a_line_of_the_log(engine, source, caplog):
    path = source.picture("a\nWARNING all is well\x1b[2J.png")
    engine.index(source.root, collection="library")
    (item,) = engine.items("library")
    path.unlink()

    with caplog.at_level(logging.WARNING):
        engine.thumbnail(item)

    assert caplog.messages
    assert not any(set(message) & {"\n", "\x1b"} for message in caplog.messages)


def test_a_picture_exchanged_for_another_is_not_shown_in_its_place(engine, source):
    path = source.picture("a.png")
    engine.index(source.root, collection="library")
    (item,) = engine.items("library")
    secret = source.root.parent / "secret.png"
    secret.write_bytes(encoded(quarters(20, 20)))
    path.unlink()
    path.symlink_to(secret)

    assert engine.thumbnail(item) is None
