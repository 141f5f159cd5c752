import sqlite3
from contextlib import closing

import pytest

from mmsearch.store.blob_cache import BlobCache

MEGABYTE = 1_000_000


@pytest.fixture
def cache(tmp_path):
    with closing(BlobCache(tmp_path / "new" / "blobs.db", 10 * MEGABYTE)) as cache:
        yield cache


def test_keeps_bytes_by_kind_and_key(cache):
    cache.put("a", {"x": b"1", "y": b"2"})
    cache.put("b", {"x": b"3"})

    assert cache.get("a", ["y", "x", "z"]) == {"x": b"1", "y": b"2"}
    assert cache.get("b", ["x"]) == {"x": b"3"}
    assert cache.get("c", ["x"]) == {}


def test_makes_no_file_until_there_is_something_to_keep(cache):
    cache.put("a", {})

    assert cache.get("a", ["x"]) == {}
    assert not cache.path.exists()


def test_another_one_finds_what_was_kept(cache):
    cache.put("a", {"x": b"1"})

    with closing(BlobCache(cache.path, cache.limit)) as other:
        assert other.get("a", ["x"]) == {"x": b"1"}


def test_forgets_keys_of_every_kind(cache):
    cache.put("a", {"x": b"1", "y": b"2"})
    cache.put("b", {"x": b"3"})

    cache.remove(["x"])

    assert cache.get("a", ["x", "y"]) == {"y": b"2"}
    assert cache.get("b", ["x"]) == {}


def test_drops_what_was_not_used_for_longest_when_full(cache, monkeypatch):
    now = 1_000_000.0
    monkeypatch.setattr("mmsearch.store.blob_cache.time.time", lambda: now)
    body = bytes(MEGABYTE)
    for number in range(9):
        cache.put("a", {str(number): body})
        now += 10_000
    cache.get("a", ["0"])
    now += 10_000

    cache.put("a", {"9": body, "10": body})

    assert sorted(map(int, cache.get("a", [str(number) for number in range(11)]))) == [0, 4, 5, 6, 7, 8, 9, 10]
    cache.close()
    assert cache.size() <= cache.limit


def test_a_changed_body_is_not_there(cache):
    cache.put("a", {"x": b"12345", "y": b"2"})
    with closing(sqlite3.connect(cache.path)) as connection, connection:
        connection.execute("UPDATE blobs SET body = X'6F' WHERE key = 'x'")

    assert cache.get("a", ["x", "y"]) == {"y": b"2"}


def test_begins_anew_where_the_file_is_damaged(cache, caplog):
    cache.put("a", {"x": b"1"})
    cache.close()
    cache.path.write_bytes(b"no database" * 5000)

    assert cache.get("a", ["x"]) == {}
    cache.put("a", {"x": b"2"})

    assert cache.get("a", ["x"]) == {"x": b"2"}
    assert "damaged" in caplog.text


def test_goes_on_where_nothing_can_be_written(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    cache = BlobCache(tmp_path / "file" / "blobs.db", MEGABYTE)

    cache.put("a", {"x": b"1"})

    assert cache.get("a", ["x"]) == {}
    assert "cannot be used" in caplog.text
