import threading

import pytest
from filelock import FileLock

from mmsearch.engine import Engine
from mmsearch.engine.samples import SAMPLES
from mmsearch.engine.thumbnails import SIDES, Thumbnails
from mmsearch.errors import BadInput, NotIndexed, StoreBusy, UnknownName
from tests.encoders.fakes import KeywordEncoder
from tests.engine.conftest import load_fake
from tests.pictures import save_many, save_picture

WIDE = 2048


@pytest.fixture
def two(engine, tmp_path):
    """A collection of two sources with a picture in common, read by two encoders, and one with that picture too."""
    for folder, names in (("a", ("red", "green")), ("b", ("red", "blue")), ("c", ("red",))):
        for name in names:
            save_picture(tmp_path / folder / f"{name}.png", name)
            (tmp_path / folder / f"{name}.txt").write_text(f"{name} of {folder}")
    engine.index(tmp_path / "a")
    engine.index(tmp_path / "b")
    engine.index(tmp_path / "c", collection="others")
    engine.build("library", "other")
    return engine


def info(engine, name="library"):
    return next(each for each in engine.collections() if each.name == name)


def files_of(folder):
    return {path for path in folder.rglob("*") if path.is_file()}


class TestRemoveEncoder:
    def test_takes_what_it_made_of_one_collection(self, two, settings):
        removed = two.remove_encoder("library", "other")

        assert (removed.pictures, removed.texts, removed.vectors) == (0, 0, 7)
        assert info(two).vectors == {"bundled": (3, 4)}
        assert len(two.search("red", k=9)) == 3
        assert sorted(path.name for path in (settings.home / "index").iterdir()) == [
            "1-1-image.index",
            "1-1-text.index",
            "2-1-image.index",
            "2-1-text.index",
        ]
        with pytest.raises(NotIndexed):
            two.search("red", encoder="other")

    def test_frees_the_space(self, engine, folder, settings):
        wide = Engine(settings, engine._samples, lambda name: WideEncoder(name, name * 2))
        save_many(folder, 400)
        wide.index(folder)
        wide.build("library", "other")
        database = settings.home / "mmsearch.db"

        removed = wide.remove_encoder("library", "other")

        assert removed.bytes_freed > 400 * 2 * WIDE
        assert 400 * 2 * WIDE < database.stat().st_size < 2 * 400 * 2 * WIDE
        wide.close()

    def test_refuses_the_one_in_use(self, two):
        with pytest.raises(BadInput, match=r"searched by encoder 'bundled'.*mmsearch encoders use"):
            two.remove_encoder("library", "bundled")

        two.use_encoder("library", "other")
        assert two.remove_encoder("library", "bundled").vectors == 7

    def test_of_an_encoder_that_made_nothing_is_an_error(self, two):
        with pytest.raises(UnknownName, match="Did you mean other"):
            two.remove_encoder("library", "othr")
        with pytest.raises(UnknownName, match="There is: bundled"):
            two.remove_encoder("others", "other")

    def test_takes_what_an_upgrade_left_behind(self, two, settings, no_samples):
        with Engine(settings, no_samples, lambda name: KeywordEncoder(name, "newnewnewnewnew1")) as upgraded:
            upgraded.build("library", "bundled")
            assert info(upgraded).vectors["bundled (older)"] == (3, 4)

            removed = upgraded.remove_encoder("library", "bundled (older)")

            assert removed.vectors == 7
            assert info(upgraded).vectors == {"other": (3, 4), "bundled": (3, 4)}
            assert len(upgraded.search("red", k=9)) == 3

    def test_leaves_no_ghosts_in_another_process(self, two, settings, no_samples, tmp_path):
        with Engine(settings, no_samples, load_fake) as second:
            assert len(second.search("red", k=9, encoder="other")) == 3

            two.remove_encoder("library", "other")
            with pytest.raises(NotIndexed):
                second.search("red", encoder="other")
            (tmp_path / "b" / "blue.png").unlink()
            two.index(tmp_path / "b")
            two.build("library", "other")

            found = second.search("blue", k=9, encoder="other").hits
            assert sorted(hit.item.path.stem for hit in found) == ["green", "red"]

    def test_an_index_that_slept_through_removal_and_rebuilding_starts_anew(self, two, settings, no_samples, tmp_path):
        with Engine(settings, no_samples, load_fake) as second:
            second.search("red", encoder="other")
            two.remove_encoder("library", "other")
            (tmp_path / "b" / "blue.png").unlink()
            save_picture(tmp_path / "b" / "white.png", "white")
            two.index(tmp_path / "b")
            two.build("library", "other")

            found = second.search("white", k=9, encoder="other").hits

            assert found[0].item.path.stem == "white"
            assert len(found) == 3

    def test_searches_go_on_meanwhile(self, two):
        stop, wrong = threading.Event(), []

        def ask(encoder):
            while not stop.is_set():
                try:
                    if len(two.search("red", k=3, encoder=encoder)) not in ((3,) if encoder == "bundled" else (0, 3)):
                        wrong.append(encoder)
                except NotIndexed:
                    if encoder == "bundled":
                        raise

        threads = [threading.Thread(target=ask, args=(name,)) for name in ("bundled", "bundled", "other", "other")]
        for thread in threads:
            thread.start()
        for _ in range(5):
            two.remove_encoder("library", "other")
            two.build("library", "other")
        stop.set()
        for thread in threads:
            thread.join()

        assert set(wrong) <= {"other"}  # which may be met half built
        assert len(two.search("red", k=3, encoder="other")) == 3


class TestRemoveSource:
    def test_takes_what_no_other_source_holds(self, two, tmp_path):
        removed = two.remove_source("library", tmp_path / "b")

        assert (removed.pictures, removed.texts, removed.vectors) == (1, 2, 6)
        assert info(two).sources == (str(tmp_path / "a"),)
        assert sorted(hit.item.path.name for hit in two.search("blue", k=9)) == ["green.png", "red.png"]
        assert {path.name for path in files_of(tmp_path / "b")} == {"red.png", "blue.png", "red.txt", "blue.txt"}

    def test_that_is_not_there_any_more_goes_too(self, two, tmp_path):
        (tmp_path / "b").rename(tmp_path / "elsewhere")

        assert two.remove_source("library", str(tmp_path / "b")).pictures == 1

    def test_that_is_none_is_an_error(self, two, tmp_path):
        with pytest.raises(UnknownName, match="source"):
            two.remove_source("library", tmp_path / "c")


class TestRemoveCollection:
    def test_leaves_no_picture_of_what_is_gone_in_any_size(self, two, settings):
        pictures = Thumbnails(settings.home / "thumbnails", settings.max_pixels, settings.max_seconds)
        green = two.search("green", k=1).hits[0].item
        made = [pictures.of(green, size) for size in SIDES]
        assert all(path.exists() for path in made)

        two.remove_collection("library")

        assert [pictures.ready(green.content_hash, size) for size in SIDES] == [None] * len(made)

    def test_takes_everything_but_the_pictures(self, two, tmp_path, settings):
        originals = files_of(tmp_path / "a") | files_of(tmp_path / "b")
        for hit in two.search("red", k=9):
            two.thumbnail(hit.item)
        red = two.search("red", k=1, collection="others").hits[0].item

        removed = two.remove_collection("library")

        assert (removed.pictures, removed.texts, removed.vectors) == (3, 4, 14)
        assert removed.bytes_freed > 0
        assert [each.name for each in two.collections()] == ["others"]
        assert two.runs("library") == ()
        assert all(path.name.startswith("2-") for path in (settings.home / "index").iterdir())
        assert [path.stem for path in files_of(settings.home / "thumbnails")] == [red.content_hash]
        assert originals <= files_of(tmp_path)
        with pytest.raises(UnknownName):
            two.search("red", collection="library")

    def test_may_be_made_anew(self, two, tmp_path):
        two.remove_collection("library")

        assert two.index(tmp_path / "a").added == 2
        assert len(two.search("red", k=9)) == 2

    def test_refuses_the_bundled_one(self, two):
        with pytest.raises(BadInput, match="bundled collection"):
            two.remove_collection(SAMPLES)
        with pytest.raises(BadInput, match="bundled collection"):
            two.remove_source(SAMPLES, "x")

    def test_refuses_one_that_is_being_indexed(self, two, settings):
        with FileLock(settings.home / "locks" / "collection-1.lock"), pytest.raises(StoreBusy, match="being indexed"):
            two.remove_collection("library")

        assert info(two).pictures == 3

    def test_is_gone_though_its_space_cannot_be_given_back_now(self, two, monkeypatch, caplog):
        def busy():
            raise StoreBusy("Another process holds it.")

        monkeypatch.setattr(two._store.removal, "compact", busy)

        assert two.remove_collection("library").pictures == 3
        assert "its space is used for what comes next" in caplog.text


class WideEncoder(KeywordEncoder):
    """Vectors wide enough to weigh something."""

    def __init__(self, name: str, fingerprint: str) -> None:
        super().__init__(name, fingerprint)
        self.dim = WIDE
