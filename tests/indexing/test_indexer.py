import os
import threading

import numpy as np
import pytest
from filelock import FileLock

from mmsearch.errors import EncoderError, SourceError, StoreBusy
from mmsearch.indexing import Indexer, Order, VectorPack
from mmsearch.indexing.run import BATCH
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Modality, Skip
from tests.indexing.conftest import CountingEncoder
from tests.pictures import save_many, save_picture


@pytest.fixture
def index(indexer, folder):
    """Index the folder and return the report."""

    def run(**options):
        return indexer.run(Order(folder, "photos"), **options)

    return run


@pytest.fixture
def items(store):
    """Return the items of the store by file name."""

    def read():
        found = store.read.items(list(range(1, 5000))).values()
        return {item.path.name if item.path else item.content_hash: item for item in found}

    return read


def texts_of(item):
    return [text.text for text in item.texts]


def test_indexes_pictures_with_their_captions(index, folder, items, store):
    save_picture(folder / "a.png", "red")
    save_picture(folder / "sub" / "b.png", "blue")
    (folder / "a.txt").write_text("a red thing\n红色")

    report = index()

    assert (report.state, report.added, report.skips) == ("done", 2, ())
    assert (report.pictures_encoded, report.texts_encoded) == (2, 2)
    assert texts_of(items()["a.png"]) == ["a red thing", "红色"]
    assert store.directory.collections()[0].vectors == {"keywords": (2, 2)}


def test_an_unchanged_folder_costs_no_reading(index, folder, encoder, monkeypatch):
    save_many(folder, 5)
    (folder / "0001.txt").write_text("green")
    index()
    monkeypatch.setattr("mmsearch.indexing.run.FileReader.read", None)  # any reading would fail

    report = index()

    assert (report.added, report.unchanged, report.pictures_encoded, report.texts_encoded) == (0, 5, 0, 0)
    assert encoder.images_seen == 5


def test_a_moved_or_renamed_file_keeps_its_vectors(index, folder, encoder, items):
    save_picture(folder / "a.png", "red")
    (folder / "a.txt").write_text("a red thing")
    index()
    before = items()["a.png"]
    (folder / "deep").mkdir()
    for name in ("png", "txt"):
        (folder / f"a.{name}").rename(folder / "deep" / f"z.{name}")

    report = index()

    after = items()["z.png"]
    assert (report.moved, report.added, report.removed) == (1, 0, 0)
    assert (after.id, after.texts) == (before.id, before.texts)
    assert encoder.images_seen == 1
    assert encoder.texts_seen == ["a red thing"]


def test_two_files_that_swap_names_are_not_encoded_again(index, folder, encoder, items):
    save_picture(folder / "a.png", "red")
    save_picture(folder / "b.png", "blue", 1)
    index()
    before = items()
    (folder / "a.png").rename(folder / "c")
    (folder / "b.png").rename(folder / "a.png")
    (folder / "c").rename(folder / "b.png")

    index()

    after = items()
    assert (after["a.png"].id, after["b.png"].id) == (before["b.png"].id, before["a.png"].id)
    assert encoder.images_seen == 2


def test_a_whole_folder_that_moved_keeps_its_vectors(indexer, folder, encoder, items, store):
    save_many(folder, 3)
    (folder / "0000.txt").write_text("red")
    indexer.run(Order(folder, "photos"))
    before = {name: item.id for name, item in items().items()}
    folder.rename(folder.with_name("renamed"))

    report = indexer.run(Order(folder.with_name("renamed"), "photos"))

    assert (report.moved, report.added, report.pictures_encoded, report.texts_encoded) == (3, 0, 0, 0)
    assert {name: item.id for name, item in items().items()} == before
    assert all(item.path.parent.name == "renamed" for item in items().values())
    assert store.directory.collections()[0].sources == (str(folder.with_name("renamed")),)


def test_a_copy_on_another_disk_takes_over_while_the_first_is_away(indexer, folder, tmp_path, items, store):
    save_many(folder, 3)
    indexer.run(Order(folder, "photos"))
    save_many(tmp_path / "copy", 2)
    folder.rename(tmp_path / "unplugged")

    indexer.run(Order(tmp_path / "copy", "photos"))
    (tmp_path / "unplugged").rename(folder)
    indexer.run(Order(folder, "photos"))

    assert store.directory.collections()[0].pictures == 3
    assert all(item.path.exists() for item in items().values())


def test_a_deleted_file_leaves(index, folder, items, store):
    save_many(folder, 3)
    index()
    (folder / "0001.png").unlink()

    report = index()

    assert (report.removed, report.unchanged) == (1, 2)
    assert set(items()) == {"0000.png", "0002.png"}
    assert store.directory.collections()[0].vectors == {"keywords": (2, 0)}


def test_a_picture_in_two_files_is_encoded_once_and_stays_while_one_is_left(index, folder, encoder, items):
    save_picture(folder / "a.png", "red")
    save_picture(folder / "b.png", "red")
    index()
    (folder / "a.png").unlink()

    index()

    assert encoder.images_seen == 1
    assert set(items()) == {"b.png"}


def test_new_content_under_an_old_name_is_encoded(index, folder, items, encoder):
    save_picture(folder / "a.png", "red")
    index()
    old = items()["a.png"].id
    save_picture(folder / "a.png", "blue", 7)

    report = index()

    assert (report.changed, report.added) == (1, 0)
    assert set(items()) == {"a.png"}
    assert items()["a.png"].id != old
    assert encoder.images_seen == 2


def test_a_changed_caption_changes_the_texts_alone(index, folder, encoder, items):
    save_picture(folder / "a.png", "red")
    (folder / "captions.jsonl").write_text('{"image": "a.png", "en": ["one", "two"]}\n')
    index()
    (folder / "captions.jsonl").write_text('{"image": "a.png", "en": ["one", "three"], "title": "T"}\n')

    index()

    assert texts_of(items()["a.png"]) == ["one", "three"]
    assert items()["a.png"].title == "T"
    assert encoder.images_seen == 1
    assert sorted(encoder.texts_seen) == ["one", "three", "two"]


def test_indexes_texts_alone(index, folder, items):
    (folder / "poem.txt").write_text("the red rose")
    (folder / "lines.csv").write_text("text\nfirst\nsecond\n")

    report = index()

    found = items()
    assert report.texts_encoded == 3
    assert found["poem.txt"].kind is Modality.TEXT
    assert texts_of(found["poem.txt"]) == ["the red rose"]


def test_one_bad_file_never_stops_a_run(index, folder):
    save_many(folder, 2)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "text.jpg").write_text("not a picture at all")
    whole = save_picture(folder / "cut.jpg", "red", 3).read_bytes()
    (folder / "cut.jpg").write_bytes(whole[: len(whole) * 2 // 3])

    report = index()
    again = index()

    assert (report.state, report.added) == ("done", 2)
    assert sorted(skip.path for skip in report.skips) == ["cut.jpg", "empty.jpg", "text.jpg"]
    assert all(skip.reason for skip in report.skips)
    assert sorted(again.skips, key=str) == sorted(report.skips, key=str)
    assert again.unchanged == 2


def test_a_mended_file_is_indexed(index, folder, items):
    (folder / "a.png").write_bytes(b"")
    index()
    save_picture(folder / "a.png", "red")

    report = index()

    assert (report.changed, report.skips) == (1, ())
    assert "a.png" in items()


def test_a_file_that_could_not_be_opened_is_tried_again_twice(index, folder, monkeypatch):
    save_picture(folder / "a.png", "red")
    attempts = []

    def refuse(path, **_):
        attempts.append(path)
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("mmsearch.indexing.reading.read_picture_file", refuse)
    reports = [index() for _ in range(5)]

    assert [report.skips for report in reports] == [(Skip("a.png", "cannot be read: Permission denied"),)] * 5
    assert len(attempts) == 3


def test_a_missing_source_changes_nothing(index, folder, items, store):
    save_many(folder, 2)
    index()
    folder.rename(folder.with_name("elsewhere"))

    with pytest.raises(SourceError, match="does not exist"):
        index()

    assert len(items()) == 2
    assert len(store.runs.list()) == 1


def test_a_cancelled_run_keeps_what_it_did_and_is_resumed(index, folder, encoder, store, monkeypatch):
    monkeypatch.setattr("mmsearch.indexing.progress.INTERVAL", 0.0)
    save_many(folder, 4 * BATCH)
    cancel = threading.Event()

    def stop_after_the_first_batch(progress):
        if progress.phase == "pictures" and progress.done:
            cancel.set()

    first = index(progress=stop_after_the_first_batch, cancel=cancel)
    held = store.directory.collections()[0].pictures
    second = index()

    assert first.state == "cancelled"
    assert 0 < held < 4 * BATCH
    assert (second.state, second.unchanged, second.added) == ("done", held, 4 * BATCH - held)
    assert encoder.images_seen == 4 * BATCH


def test_cancelling_removes_nothing(index, folder, store):
    paths = save_many(folder, 2)
    index()
    paths[0].unlink()
    cancel = threading.Event()
    cancel.set()

    report = index(cancel=cancel)

    assert (report.state, report.removed) == ("cancelled", 0)
    assert store.directory.collections()[0].pictures == 2


def test_an_encoder_that_fails_ends_the_run_and_is_noted(index, folder, encoder, store, monkeypatch):
    save_many(folder, 3)
    monkeypatch.setattr(encoder, "_encode_images", lambda images: np.full((len(images), encoder.dim), np.nan))

    with pytest.raises(EncoderError, match="not finite"):
        index()

    assert store.runs.list()[0].state == "failed"


def test_a_picture_that_the_encoder_cannot_take_is_skipped_alone(index, folder, encoder, monkeypatch):
    save_many(folder, 3)
    plain = encoder._encode_images

    def stumble(images):
        vectors = plain(images)
        vectors[[image.getpixel((20, 20)) == (255, 0, 0) for image in images]] = np.nan
        return vectors

    monkeypatch.setattr(encoder, "_encode_images", stumble)
    report = index()

    assert report.added == 2
    assert [skip.path for skip in report.skips] == ["0000.png"]
    assert "cannot be encoded" in report.skips[0].reason


def test_one_run_at_a_time_in_a_collection(index, folder, indexer, store, tmp_path):
    save_many(folder, 1)
    index()
    lock = FileLock(tmp_path / "home" / "locks" / f"collection-{store.directory.collection_id('photos')}.lock")

    with lock, pytest.raises(StoreBusy, match="being indexed already"):
        index()

    assert indexer.run(Order(folder, "others")).added == 1


def test_a_second_encoder_stands_beside_the_first(index, folder, store, tmp_path):
    save_many(folder, 3)
    (folder / "0000.txt").write_text("red")
    index()
    other = CountingEncoder("big", "feedfeedfeedfeed")

    report = Indexer(store, other, tmp_path / "home" / "locks", max_pixels=10**6).run(Order(folder, "photos"))

    assert (report.unchanged, report.pictures_encoded, report.texts_encoded) == (3, 3, 1)
    assert store.directory.collections()[0].vectors == {"keywords": (3, 1), "big": (3, 1)}


def test_the_second_encoder_does_not_read_what_changed_meanwhile(index, folder, store, tmp_path):
    (path,) = save_many(folder, 1)
    index()
    stat = path.stat()
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))  # the same size and time: a stat sees nothing
    other = CountingEncoder("big", "feedfeedfeedfeed")

    report = Indexer(store, other, tmp_path / "home" / "locks", max_pixels=10**6).run(Order(folder, "photos"))

    assert other.images_seen == 0
    assert "has changed" in report.skips[0].reason


def test_takes_vectors_made_beforehand(folder, store, encoder, tmp_path, items):
    save_picture(folder / "a.png", "red")
    (folder / "a.txt").write_text("words")
    maker = Indexer(store, encoder, tmp_path / "home" / "locks", max_pixels=10**6)
    maker.run(Order(folder, "first"))
    item = items()["a.png"]
    blue = np.eye(encoder.dim, dtype=np.float32)[2]
    pack = VectorPack(encoder.fingerprint, {item.content_hash: blue}, {"words": blue})
    encoder.images_seen, encoder.texts_seen = 0, []

    Indexer(store, encoder, tmp_path / "home" / "locks", max_pixels=10**6, pack=pack).run(Order(folder, "second"))

    second = store.directory.collection_id("second")
    space = VectorSpace(second, store.directory.encoder_id(encoder.fingerprint), Modality.IMAGE, encoder.dim)
    assert store.vectors.all(space)[1].tolist() == [blue.tolist()]
    assert (encoder.images_seen, encoder.texts_seen) == (0, [])


def test_ignores_vectors_that_another_encoder_made(folder, store, encoder, tmp_path):
    save_picture(folder / "a.png", "red")
    pack = VectorPack("another", {}, {})

    Indexer(store, encoder, tmp_path / "home" / "locks", max_pixels=10**6, pack=pack).run(Order(folder, "photos"))

    assert encoder.images_seen == 1


def test_patterns_choose_files_and_what_they_leave_out_leaves(indexer, folder, store):
    save_picture(folder / "keep" / "a.png", "red")
    save_picture(folder / "drop" / "b.png", "blue")
    indexer.run(Order(folder, "photos"))

    report = indexer.run(Order(folder, "photos", include=("keep/**",)))

    assert (report.unchanged, report.removed) == (1, 1)
    assert store.directory.collections()[0].pictures == 1


def test_progress_is_truthful(index, folder):
    save_many(folder, 2 * BATCH + 5)
    (folder / "empty.jpg").write_bytes(b"")
    (folder / "0000.txt").write_text("red")
    told = []

    index(progress=told.append)

    pictures = [one for one in told if one.phase == "pictures"]
    assert [one.done for one in pictures] == sorted(one.done for one in pictures)
    assert (pictures[0].done, pictures[-1].done, pictures[-1].total) == (0, 2 * BATCH + 6, 2 * BATCH + 6)
    assert pictures[-1].skipped == 1
    assert [one.total for one in told if one.phase == "texts"][-1] == 1
    assert told[-1].phase == "done"


def test_hostile_names_are_only_names(index, folder, items):
    name = "a'b\"; <script>alert(1)</script>\n%s.png".replace("/", "_")
    save_picture(folder / name, "red")

    report = index()

    assert report.added == 1
    assert name in items()
