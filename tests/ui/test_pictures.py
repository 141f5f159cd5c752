import pytest

from mmsearch.ui.pictures import Pictures


def test_the_small_picture_is_the_engines_thumbnail(engine):
    item = engine.all[0]

    assert Pictures(engine).find(item.id, item.content_hash, "small") == engine.thumbnail(item)


def test_the_large_picture_is_made_once_and_lies_among_the_thumbnails(engine, real_hash):
    pictures, item = Pictures(engine), real_hash(0)

    first = pictures.find(item.id, item.content_hash, "large")

    assert first.is_relative_to(engine.settings.home / "thumbnails" / "large")
    assert first.read_bytes().startswith(b"\xff\xd8")
    item.path.unlink()
    assert pictures.find(item.id, item.content_hash, "large") == first


def test_a_picture_that_is_gone_has_none(engine):
    item = engine.all[2]

    assert Pictures(engine).find(item.id, item.content_hash, "large") is None


@pytest.mark.parametrize("content_hash", ["../../../etc/passwd", "f" * 40, "", "0" * 15, f"{1:040x}/.."])
def test_an_address_must_name_the_item_it_shows(engine, content_hash):
    assert Pictures(engine).find(1, content_hash, "small") is None


@pytest.mark.parametrize("size", ["original", "", "../small"])
def test_there_are_two_sizes_and_the_original_is_none_of_them(engine, size):
    assert Pictures(engine).find(1, engine.all[0].content_hash, size) is None


def test_an_unknown_item_has_no_picture(engine):
    assert Pictures(engine).find(99, f"{99:040x}", "small") is None
