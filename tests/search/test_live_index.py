import logging
from pathlib import Path

import numpy as np
import pytest

from mmsearch.search import LiveIndex
from mmsearch.store import Store
from mmsearch.store.records import Entry, FileRecord
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Modality

DIM = 8
AXES = np.eye(DIM, dtype=np.float32)


class Pictures:
    """A collection of pictures, each on an axis of its own."""

    def __init__(self, store: Store, name: str) -> None:
        self.store = store
        collection = store.catalogue.open_collection(name)
        self.source = store.catalogue.open_source(collection, Path("/p"), Path("/p"), (), ())
        self.space = VectorSpace(collection, store.vectors.register_encoder("tiny", "f1", DIM), Modality.IMAGE, DIM)

    def add(self, axis: int, file: str | None = None) -> None:
        entry = Entry(Modality.IMAGE, f"h{axis}", vector=AXES[axis])
        record = FileRecord(file or f"{axis}.jpg", 1, 1, "s", f"h{axis}", (entry,))
        self.store.catalogue.record(self.source, self.space, [record])

    def remove(self, file: str) -> None:
        self.store.catalogue.remove_files([self.store.catalogue.files(self.source)[file].id])
        self.store.catalogue.drop_orphans(self.source.collection_id)

    def open(self, path: Path) -> LiveIndex:
        return LiveIndex(self.store, self.space, "f1", path)


@pytest.fixture
def pictures(store):
    pictures = Pictures(store, "photos")
    for axis in range(3):
        pictures.add(axis)
    return pictures


@pytest.fixture
def path(tmp_path):
    return tmp_path / "index" / "1.index"


def best(index: LiveIndex, axis: int) -> float:
    """Return the score of what is nearest to an axis: 1 if it is there."""
    return float(index.search(AXES[axis : axis + 1], k=1)[0][0, 0])


def test_is_built_from_the_store(pictures, path):
    index = pictures.open(path)

    assert len(index) == 3
    assert best(index, 2) == 1


def test_sees_what_another_process_does(pictures, path, tmp_path):
    index = pictures.open(path)
    assert best(index, 5) == 0
    other = Pictures(Store(tmp_path / "mmsearch.db"), "photos")

    other.add(5)
    other.remove("0.jpg")

    assert (len(index), best(index, 5), best(index, 0)) == (3, 1, 0)
    other.store.close()


def test_opens_from_its_file_and_replays_the_rest(pictures, path, monkeypatch):
    pictures.open(path).save()
    pictures.add(4)
    asked = []
    since = pictures.store.vectors.since
    monkeypatch.setattr(pictures.store.vectors, "since", lambda space, at: asked.append(at) or since(space, at))

    after = pictures.open(path)

    assert (len(after), best(after, 4)) == (4, 1)
    assert asked == [3]


def test_writes_its_file_only_when_something_changed(pictures, path):
    index = pictures.open(path)
    index.save()
    path.unlink()

    index.save()
    assert not path.exists()

    pictures.add(6)
    index.save()
    assert path.exists()


def test_a_space_that_was_emptied_is_empty_and_has_no_file(pictures, path, caplog):
    index = pictures.open(path)
    index.save()
    pictures.store.removal.drop_encoder(pictures.space.collection_id, pictures.space.encoder_id)

    assert (len(index), best(index, 1)) == (0, float("-inf"))
    index.save()
    assert not path.exists()
    assert caplog.text == ""


@pytest.mark.parametrize("known", ["open", "in its file"])
def test_a_space_that_was_emptied_and_filled_again_holds_no_ghosts(pictures, path, known):
    index = pictures.open(path)
    index.save()
    pictures.store.removal.drop_encoder(pictures.space.collection_id, pictures.space.encoder_id)
    ids = [item.id for item in pictures.store.read.of_collection(pictures.space.collection_id, 0, 9)]
    pictures.remove("0.jpg")
    pictures.store.vectors.put(pictures.space, ids[1:], AXES[1:3])
    pictures.add(6)  # as many as before, and the log is longer than it was

    after = index if known == "open" else pictures.open(path)

    assert [best(after, axis) for axis in (0, 1, 2, 6)] == [0, 1, 1, 1]
    assert len(after) == 3


def test_asks_the_store_only_after_a_commit(pictures, path, monkeypatch):
    index = pictures.open(path)
    best(index, 1)
    asked = []
    position = pictures.store.vectors.position
    monkeypatch.setattr(pictures.store.vectors, "position", lambda space: asked.append(space) or position(space))

    for _ in range(3):
        best(index, 1)
    assert asked == []

    pictures.add(5)
    assert (best(index, 5), best(index, 5)) == (1, 1)
    assert len(asked) == 1


def swapped(path, pictures):
    other = Pictures(pictures.store, "others")
    other.add(7)
    other.open(path).save()


def truncated(path, pictures):
    path.write_bytes(path.read_bytes()[:-10])


def emptied(path, pictures):
    path.write_bytes(b"")


def flipped(path, pictures):
    content = bytearray(path.read_bytes())
    content[-30] ^= 255
    path.write_bytes(content)


def replaced_by_noise(path, pictures):
    path.write_bytes(bytes(range(256)) * 40)


@pytest.mark.parametrize("harm", [swapped, truncated, emptied, flipped, replaced_by_noise])
def test_rebuilds_what_cannot_be_trusted_and_says_so(pictures, path, harm, caplog):
    pictures.open(path).save()
    harm(path, pictures)

    with caplog.at_level(logging.WARNING):
        again = pictures.open(path)

    assert len(again) == 3
    assert [best(again, axis) for axis in (0, 1, 2, 7)] == [1, 1, 1, 0]
    assert "Rebuilding" in caplog.text


def test_rebuilds_where_the_store_is_older_than_the_file(pictures, path, tmp_path, caplog):
    pictures.store.close()
    backup = (tmp_path / "mmsearch.db").read_bytes()
    store = Store(tmp_path / "mmsearch.db")
    newer = Pictures(store, "photos")
    newer.add(5)
    newer.open(path).save()
    store.close()
    for file in tmp_path.glob("mmsearch.db*"):
        file.unlink()
    (tmp_path / "mmsearch.db").write_bytes(backup)

    restored = Pictures(Store(tmp_path / "mmsearch.db"), "photos")

    again = restored.open(path)
    assert (len(again), best(again, 5)) == (3, 0)
    assert "Rebuilding" in caplog.text
    restored.store.close()


def test_answers_though_its_file_cannot_be_written(pictures, tmp_path, caplog):
    (tmp_path / "file").write_text("in the way")
    index = pictures.open(tmp_path / "file" / "1.index")

    assert best(index, 1) == 1
    index.save()

    assert "Cannot write" in caplog.text
