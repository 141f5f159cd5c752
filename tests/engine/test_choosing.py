import logging
import threading
from pathlib import Path

import pytest

from mmsearch.engine import Engine
from mmsearch.engine.samples import Samples
from mmsearch.errors import EncoderError, NotIndexed, StoreBusy, UnknownName
from mmsearch.types import EVERYTHING, Modality
from tests.encoders.fakes import KeywordEncoder
from tests.engine.conftest import load_fake
from tests.pictures import save_many, save_picture


@pytest.fixture
def read_by_one(engine, folder):
    """Three pictures with a caption each, read by the encoder `bundled`."""
    for name in ("red", "green", "blue"):
        save_picture(folder / f"{name}.png", name)
        (folder / f"{name}.txt").write_text(f"something {name}")
    engine.index(folder)
    return engine


@pytest.fixture
def read_by_two(read_by_one):
    """The same, read by the encoder `other` too."""
    read_by_one.build("library", "other")
    return read_by_one


def vectors(engine):
    (info,) = engine.collections()
    return info.vectors


class TestBuild:
    def test_puts_a_second_encoder_beside_the_first(self, read_by_one):
        report = read_by_one.build("library", "other")

        assert (report.state, report.source, report.encoder) == ("done", EVERYTHING, "other")
        assert (report.pictures_encoded, report.texts_encoded) == (3, 3)
        assert vectors(read_by_one) == {"bundled": (3, 3), "other": (3, 3)}
        assert read_by_one.search("green", k=1, encoder="other").hits[0].item.path.stem == "green"
        assert read_by_one.runs(limit=1) == (report,)

    def test_leaves_the_search_to_the_encoder_in_use(self, read_by_two):
        assert read_by_two.search("red").encoder == "bundled"

    def test_catches_up_with_what_was_indexed_since(self, read_by_two, folder):
        save_picture(folder / "late.png", "yellow")
        read_by_two.index(folder)
        assert vectors(read_by_two) == {"bundled": (4, 3), "other": (3, 3)}
        assert len(read_by_two.search("red", k=9, encoder="other")) == 3

        report = read_by_two.build("library", "other")

        assert report.pictures_encoded == 1
        assert vectors(read_by_two)["other"] == (4, 3)

    def test_goes_on_where_it_was_cancelled(self, settings, no_samples, folder):
        cancel = threading.Event()

        class CancellingEncoder(KeywordEncoder):
            def _encode_images(self, images):
                cancel.set()
                return super()._encode_images(images)

        save_many(folder, 80)
        with Engine(settings, no_samples, lambda name: CancellingEncoder(name, name * 2)) as engine:
            engine.index(folder)
            cancel.clear()

            first = engine.build("library", "other", cancel=cancel)
            second = engine.build("library", "other")

        assert (first.state, second.state) == ("cancelled", "done")
        assert 0 < first.pictures_encoded < 80
        assert first.pictures_encoded + second.pictures_encoded == 80

    def test_reports_pictures_that_cannot_be_had_any_more(self, read_by_one, folder):
        (folder / "red.png").unlink()
        save_picture(folder / "green.png", "white")

        report = read_by_one.build("library", "other")

        assert report.state == "done"
        assert report.pictures_encoded == 1
        assert {(Path(skip.path).name, skip.reason) for skip in report.skips} == {
            ("red.png", "cannot be read: No such file or directory"),
            ("green.png", "has changed since it was indexed; index it again"),
        }

    def test_reads_the_bundled_collection_too(self, settings, tmp_path):
        save_picture(tmp_path / "data" / "sky.png", "blue")
        (tmp_path / "data" / "captions.jsonl").write_text('{"image": "sky.png", "en": ["blue sky"]}')

        with Engine(settings, Samples(tmp_path / "data", tmp_path / "no"), load_fake) as engine:
            assert engine.build("samples", "other").pictures_encoded == 1

    def test_of_an_unknown_collection_or_encoder_is_an_error(self, read_by_one):
        with pytest.raises(UnknownName, match="collection"):
            read_by_one.build("nothing", "other")
        with pytest.raises(UnknownName, match="encoder"):
            read_by_one.build("library", "nobody")

    def test_waits_for_no_other_run(self, read_by_one, folder):
        errors = []

        def index(_progress):
            try:
                read_by_one.index(folder)
            except StoreBusy as error:
                errors.append(error)

        read_by_one.build("library", "other", progress=index)

        assert errors
        assert vectors(read_by_one)["other"] == (3, 3)


class TestUse:
    def test_lets_another_encoder_search_in_every_process(self, read_by_two, settings, no_samples):
        read_by_two.use_encoder("library", "other")

        assert read_by_two.search("red").encoder == "other"
        assert read_by_two.encoder_of("library") == "other"
        assert read_by_two.collections()[0].encoder == "other"
        with Engine(settings, no_samples, load_fake) as second:
            assert second.encoder_of() == "other"
            second.use_encoder("library", "bundled")
        assert read_by_two.search("red").encoder == "bundled"

    def test_searches_texts_and_likenesses_by_it_too(self, read_by_two):
        read_by_two.use_encoder("library", "other")

        hit = read_by_two.search("red", target=Modality.TEXT, k=1)
        assert hit.encoder == "other"
        assert read_by_two.similar(hit.hits[0].item.id).encoder == "other"
        assert read_by_two.similar(hit.hits[0].item.id, encoder="bundled").encoder == "bundled"

    def test_gives_way_to_an_encoder_that_is_asked_for(self, read_by_two):
        read_by_two.use_encoder("library", "other")

        assert read_by_two.search("red", encoder="bundled").encoder == "bundled"

    def test_indexes_by_it_from_then_on(self, read_by_two, folder):
        read_by_two.use_encoder("library", "other")
        save_picture(folder / "late.png", "yellow")

        assert read_by_two.index(folder).encoder == "other"
        assert vectors(read_by_two) == {"bundled": (3, 3), "other": (4, 3)}

    def test_needs_an_encoder_that_has_read_the_collection(self, read_by_one):
        with pytest.raises(NotIndexed, match="mmsearch encoders build other"):
            read_by_one.use_encoder("library", "other")
        with pytest.raises(UnknownName, match="encoder"):
            read_by_one.use_encoder("library", "nobody")
        with pytest.raises(UnknownName, match="collection"):
            read_by_one.use_encoder("nothing", "bundled")

        assert read_by_one.encoder_of("library") == "bundled"


class TestAChoiceThatCannotBeKept:
    def test_an_encoder_changed_by_an_upgrade_gives_way_to_the_default(self, read_by_two, settings, no_samples, caplog):
        read_by_two.use_encoder("library", "other")
        upgraded = {"bundled": "0123456789abcdef", "other": "newnewnewnewnew1"}

        with Engine(settings, no_samples, lambda name: KeywordEncoder(name, upgraded[name])) as engine:
            with caplog.at_level(logging.WARNING):
                assert {engine.search("red").encoder for _ in range(3)} == {"bundled"}
            assert engine.encoder_of("library") == "bundled"
            assert vectors(engine) == {"bundled": (3, 3), "other (older)": (3, 3)}
            engine.build("library", "other")
            assert engine.search("red").encoder == "other"
            assert vectors(engine) == {"bundled": (3, 3), "other (older)": (3, 3), "other": (3, 3)}
        assert len([line for line in caplog.messages if "searched by bundled meanwhile" in line]) == 1

    def test_an_encoder_that_does_not_load_any_more_gives_way_and_is_not_tried_again(
        self, read_by_two, settings, no_samples
    ):
        read_by_two.use_encoder("library", "other")
        tried = []

        def load(name):
            tried.append(name)
            if name == "other":
                raise EncoderError("Its folder is gone.")
            return load_fake(name)

        with Engine(settings, no_samples, load) as engine:
            assert {engine.search("red").encoder for _ in range(3)} == {"bundled"}
        assert tried.count("other") == 1

    def test_where_the_default_has_read_nothing_either_the_reason_is_told(self, read_by_two, settings, no_samples):
        read_by_two.use_encoder("library", "other")

        def load(name):
            if name == "other":
                raise EncoderError("Its folder is gone.")
            return KeywordEncoder(name, "eeeeeeeeeeeeeeee")

        engine = Engine(settings, no_samples, load)
        with engine, pytest.raises(EncoderError, match="Its folder is gone"):
            engine.search("red")
