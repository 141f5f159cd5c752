import pytest

from mmsearch.engine import Engine, Settings
from mmsearch.engine.roots import allowed_source
from mmsearch.errors import SourceError
from tests.engine.conftest import load_fake
from tests.pictures import save_picture


def test_without_roots_everything_may_be_indexed(tmp_path):
    assert allowed_source(tmp_path, None) == tmp_path


def test_what_lies_below_a_root_may_be_indexed(tmp_path):
    assert allowed_source(tmp_path / "a" / "b", [tmp_path / "a"]) == tmp_path / "a" / "b"
    assert allowed_source(tmp_path / "a", [tmp_path / "a"]) == tmp_path / "a"


@pytest.mark.parametrize("source", ["outside", "photos-too", "photos/../outside", "photos/link"])
def test_what_lies_elsewhere_is_refused_however_it_is_written(tmp_path, source):
    (tmp_path / "photos").mkdir()
    (tmp_path / "outside").mkdir()
    (tmp_path / "photos" / "link").symlink_to(tmp_path / "outside")

    with pytest.raises(SourceError, match=r"MMSEARCH_INDEX_ROOTS allows what lies below .*photos"):
        allowed_source(tmp_path / source, [tmp_path / "photos"])


def test_a_root_may_be_a_link(tmp_path):
    (tmp_path / "disk").mkdir()
    (tmp_path / "photos").symlink_to(tmp_path / "disk")

    assert allowed_source(tmp_path / "photos", [tmp_path / "photos"]) == tmp_path / "disk"


def test_no_roots_at_all_allow_nothing(tmp_path):
    with pytest.raises(SourceError, match="below nothing"):
        allowed_source(tmp_path, [])


def test_a_name_that_cannot_be_is_an_error():
    with pytest.raises(SourceError, match="no folder or file"):
        allowed_source("a\0b", None)


def test_the_engine_keeps_to_its_roots(tmp_path, no_samples):
    save_picture(tmp_path / "private" / "a.png", "red")
    with Engine(Settings(home=tmp_path / "home", index_roots=(tmp_path / "public",)), no_samples, load_fake) as engine:
        with pytest.raises(SourceError, match="may not be indexed here"):
            engine.index(tmp_path / "private")

        assert engine.collections() == ()
