"""What a store must do, whatever database lies under it."""

from pathlib import Path

import numpy as np
import pytest

from mmsearch.errors import UnknownName
from mmsearch.store import Store
from mmsearch.store.records import Entry, FileRecord
from mmsearch.store.removal import Stock
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Credit, Modality, RunReport, Skip, Text

DIM = 4
AXES = np.eye(DIM, dtype=np.float32)


def picture(key: str, *texts: str, vector: np.ndarray | None = None, **facts) -> Entry:
    return Entry(Modality.IMAGE, key, tuple(Text(text) for text in texts), vector=vector, **facts)


def file_of(path: str, *entries: Entry, content: str | None = None, **facts) -> FileRecord:
    return FileRecord(path, 1, 2, "signature", content, entries, **facts)


class StoreContract:
    """Subclass it and give `store`, empty."""

    @pytest.fixture
    def store(self) -> Store:
        raise NotImplementedError

    @pytest.fixture
    def source(self, store):
        collection = store.catalogue.open_collection("pets")
        return store.catalogue.open_source(collection, Path("/pets"), Path("/pets"), (), ())

    @pytest.fixture
    def space(self, store, source):
        encoder = store.vectors.register_encoder("tiny", "f1", DIM)
        return VectorSpace(source.collection_id, encoder, Modality.IMAGE, DIM)

    @pytest.fixture
    def texts(self, space):
        return VectorSpace(space.collection_id, space.encoder_id, Modality.TEXT, DIM)

    def ids(self, store) -> dict[str, int]:
        """Return the ids of all items by their keys."""
        items = store.read.items(list(range(1, 200)))
        return {item.content_hash: item.id for item in items.values()}

    def test_opens_the_same_collection_and_source_twice(self, store, source):
        assert store.catalogue.open_collection("pets") == source.collection_id
        again = store.catalogue.open_source(source.collection_id, Path("/pets"), Path("/pets"), ("*.jpg",), ())
        assert again == source

    def test_tells_which_collections_there_are(self, store, source):
        with pytest.raises(UnknownName, match="Did you mean pets"):
            store.directory.collection_id("pet")

    def test_knows_an_encoder_by_its_fingerprint(self, store):
        first = store.vectors.register_encoder("tiny", "f1", DIM)

        assert store.vectors.register_encoder("renamed", "f1", DIM) == first
        assert store.vectors.register_encoder("tiny", "f2", DIM) != first
        assert store.directory.encoder_id("f3") is None

    def test_gives_back_all_it_was_told_of_a_picture(self, store, source, space):
        credit = Credit("Ann", "CC0 1.0", "https://example.org/cc0", "https://example.org/1")
        entry = Entry(
            Modality.IMAGE,
            "h1",
            (Text("a cat", "en"), Text("一只猫", "zh")),
            "Tom",
            credit,
            30,
            20,
            None,
            {"split": "dev"},
        )

        store.catalogue.record(source, space, [file_of("a/tom.jpg", entry)])

        (item,) = store.read.items(list(self.ids(store).values())).values()
        assert (item.collection, item.kind, item.path) == ("pets", Modality.IMAGE, Path("/pets/a/tom.jpg"))
        assert [(text.text, text.language) for text in item.texts] == [("a cat", "en"), ("一只猫", "zh")]
        assert (item.title, item.credit, item.width, item.height) == ("Tom", credit, 30, 20)
        assert (item.content_hash, item.extra) == ("h1", {"split": "dev"})

    def test_saves_rows_and_vectors_together_or_not_at_all(self, store, source, space):
        wrong = picture("h2", vector=np.ones(DIM + 1, np.float32))  # cannot be stacked with the other one

        with pytest.raises(ValueError, match="shape"):
            store.catalogue.record(
                source, space, [file_of("a.jpg", picture("h1", vector=AXES[0])), file_of("b.jpg", wrong)]
            )

        assert store.catalogue.files(source) == {}
        assert self.ids(store) == {}
        assert store.vectors.position(space) == 0

    def test_one_picture_in_two_files_is_one_item(self, store, source, space):
        store.catalogue.record(
            source, space, [file_of("b.jpg", picture("h1", "a cat")), file_of("a.jpg", picture("h1", "a cat", "Tom"))]
        )

        (item,) = store.read.items(list(self.ids(store).values())).values()
        assert item.path == Path("/pets/a.jpg")
        assert [text.text for text in item.texts] == ["a cat", "Tom"]

    def test_a_text_that_stays_keeps_its_id_and_vector(self, store, source, space, texts):
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", "a cat", "old"))])
        lacking = {words: text_id for text_id, words in store.read.texts_without_vector(texts)}
        store.vectors.put(texts, list(lacking.values()), AXES[:2])

        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", "new", "a cat"))])

        (item,) = store.read.items(list(self.ids(store).values())).values()
        assert [text.text for text in item.texts] == ["new", "a cat"]
        assert item.texts[1].id == lacking["a cat"]
        assert [words for _, words in store.read.texts_without_vector(texts)] == ["new"]
        assert store.vectors.all(texts)[0].tolist() == [lacking["a cat"]]

    def test_a_moved_file_keeps_its_row_and_texts(self, store, source, space):
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", "a cat"), content="h1")])
        known = store.catalogue.files(source)["a.jpg"]
        before = store.read.items(list(self.ids(store).values()))

        store.catalogue.record(
            source, space, [file_of("b/c.jpg", picture("h1", "a cat"), content="h1", file_id=known.id)]
        )

        after = store.read.items(list(before))
        assert list(store.catalogue.files(source)) == ["b/c.jpg"]
        assert [item.texts for item in after.values()] == [item.texts for item in before.values()]

    def test_new_content_leaves_the_old_item_to_be_dropped(self, store, source, space):
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", vector=AXES[0]))])
        old = self.ids(store)["h1"]
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h2", vector=AXES[1]))])

        assert store.catalogue.drop_orphans(source.collection_id) == 1
        assert list(self.ids(store)) == ["h2"]
        news = store.vectors.since(space, 0)
        assert (news.count, old in news.put_ids) == (1, False)

    def test_forgets_a_file_with_its_texts_and_keeps_what_another_file_holds(self, store, source, space, texts):
        store.catalogue.record(
            source, space, [file_of("a.jpg", picture("h1", "left")), file_of("b.jpg", picture("h1", "right"))]
        )
        store.vectors.put(texts, [text_id for text_id, _ in store.read.texts_without_vector(texts)], AXES[:2])

        store.catalogue.remove_files([store.catalogue.files(source)["a.jpg"].id])

        assert store.catalogue.drop_orphans(source.collection_id) == 0
        (item,) = store.read.items(list(self.ids(store).values())).values()
        assert [text.text for text in item.texts] == ["right"]
        assert store.vectors.all(texts)[0].tolist() == [item.texts[0].id]

    def test_never_gives_an_id_twice(self, store, source, space):
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1"))])
        first = self.ids(store)["h1"]
        store.catalogue.remove_files([file.id for file in store.catalogue.files(source).values()])
        store.catalogue.drop_orphans(source.collection_id)

        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1"))])

        assert self.ids(store)["h1"] > first

    def test_remembers_why_a_file_was_skipped(self, store, source, space):
        store.catalogue.record(source, space, [file_of("a.jpg", reason="is empty", attempts=2)])

        known = store.catalogue.files(source)["a.jpg"]
        assert (known.state, known.reason, known.attempts) == ("skipped", "is empty", 2)

    def test_a_file_that_cannot_be_read_any_more_loses_its_item(self, store, source, space):
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", "a cat", vector=AXES[0]))])
        store.catalogue.record(source, space, [file_of("a.jpg", reason="is damaged")])
        store.catalogue.drop_orphans(source.collection_id)

        assert self.ids(store) == {}
        assert store.vectors.since(space, 0).count == 0

    def test_replays_what_changed_since_a_position(self, store, source, space):
        store.catalogue.record(source, space, [file_of(f"{i}.jpg", picture(f"h{i}", vector=AXES[i])) for i in range(3)])
        ids, start = self.ids(store), store.vectors.position(space)
        store.vectors.put(space, [ids["h0"]], AXES[3:])
        store.catalogue.remove_files([store.catalogue.files(source)["1.jpg"].id])
        store.catalogue.drop_orphans(source.collection_id)

        news = store.vectors.since(space, start)

        assert news.put_ids.tolist() == [ids["h0"]]
        assert news.put.tolist() == AXES[3:].tolist()
        assert news.dropped.tolist() == [ids["h1"]]
        assert (news.count, news.position) == (2, store.vectors.position(space))
        assert store.vectors.since(space, news.position).put_ids.tolist() == []

    def test_keeps_vectors_to_float16_and_gives_unit_rows(self, store, source, space):
        vector = np.array([0.1, 0.2, 0.3, np.sqrt(1 - 0.14)], np.float32)
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", vector=vector))])

        _, vectors = store.vectors.all(space)

        np.testing.assert_allclose(vectors[0], vector, atol=1e-3)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)

    def test_puts_no_vector_of_an_item_that_is_gone(self, store, source, space):
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1"))])
        there = self.ids(store)["h1"]

        store.vectors.put(space, [there, there + 1000], AXES[:2])

        assert store.vectors.all(space)[0].tolist() == [there]

    def test_keeps_encoders_apart(self, store, source, space):
        other = VectorSpace(space.collection_id, store.vectors.register_encoder("big", "f9", DIM), Modality.IMAGE, DIM)
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", vector=AXES[0]))])
        item = self.ids(store)["h1"]

        assert store.read.pictures_without_vector(other) == [item]
        assert store.read.pictures_without_vector(space) == []
        store.vectors.put(other, [item], AXES[2:3])

        assert store.vectors.all(space)[1].tolist() == AXES[:1].tolist()
        assert store.directory.collections()[0].vectors == {"tiny": (1, 0), "big": (1, 0)}

    def test_counts_what_a_collection_holds(self, store, source, space):
        body = Entry(Modality.TEXT, "t1", (Text("a poem", kind="body"),))
        store.catalogue.record(
            source, space, [file_of("a.jpg", picture("h1", "one", "two", vector=AXES[0])), file_of("p.txt", body)]
        )

        (info,) = store.directory.collections()

        assert (info.name, info.sources, info.pictures, info.texts) == ("pets", ("/pets",), 1, 3)
        assert info.vectors == {"tiny": (1, 0)}

    def test_handles_more_ids_than_one_statement_takes(self, store, source, space):
        count = 1234
        entries = [Entry(Modality.TEXT, f"t{i}", (Text(f"line {i}", kind="body"),)) for i in range(count)]
        store.catalogue.record(source, space, [file_of("many.csv", *entries)])

        found = store.read.items(list(range(1, count + 1)))
        store.catalogue.record(source, space, [file_of("many.csv", *entries[:5])])

        assert len(found) == count
        assert store.catalogue.drop_orphans(source.collection_id) == count - 5

    def test_says_how_much_there_is_as_it_is_after_every_change(self, store, source, space):
        assert store.directory.collections()[0].pictures == 0
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", "one", vector=AXES[0]))])
        assert store.directory.collections()[0].pictures == 1
        assert store.directory.holds_items("pets")

        store.removal.drop_source(source.collection_id, "/pets")

        (info,) = store.directory.collections()
        assert (info.sources, info.pictures, info.texts, info.vectors) == ((), 0, 0, {})
        assert not store.directory.holds_items("pets")

    def test_remembers_the_encoder_chosen_for_a_collection(self, store, source):
        assert store.directory.collection("pets").encoder is None

        store.catalogue.choose_encoder(source.collection_id, "tiny")

        assert store.directory.collections()[0].encoder == "tiny"

    def test_tells_an_encoder_from_those_that_had_its_name_before(self, store):
        first, second, third = (store.vectors.register_encoder("tiny", f"f{i}", DIM) for i in range(3))

        assert store.directory.encoder_labels({}) == {first: "tiny (older 2)", second: "tiny (older)", third: "tiny"}
        assert store.directory.encoder_labels({"tiny": "f1"})[second] == "tiny"
        assert store.directory.encoder_labels({"tiny": "new"})[third] == "tiny (older)"

    def test_lists_items_a_page_at_a_time(self, store, source, space):
        store.catalogue.record(source, space, [file_of(f"{i}.jpg", picture(f"h{i}")) for i in range(5)])

        page = store.read.of_collection(source.collection_id, 3, 10)

        assert [item.content_hash for item in page] == ["h3", "h4"]
        assert store.read.count_items(source.collection_id) == 5

    def test_drops_a_collection_and_leaves_the_others(self, store, source, space):
        other = store.catalogue.open_collection("birds")
        folder = store.catalogue.open_source(other, Path("/birds"), Path("/birds"), (), ())
        birds = VectorSpace(other, space.encoder_id, Modality.IMAGE, DIM)
        store.catalogue.record(source, space, [file_of("a.jpg", picture("h1", "one", vector=AXES[0]))])
        store.catalogue.record(folder, birds, [file_of("a.jpg", picture("h1", "one", vector=AXES[1]))])
        store.runs.start(source.collection_id, "/pets", "tiny")

        store.removal.drop_collection(source.collection_id)

        assert store.directory.names() == ("birds",)
        assert store.removal.stock(source.collection_id) == Stock(0, 0, 0)
        assert store.removal.stock(other) == Stock(1, 1, 1)
        assert store.removal.held(["h1"]) == {"h1"}
        assert store.vectors.position(space) == 0
        assert store.runs.list() == ()

    def test_compacting_keeps_the_last_change_of_each_vector(self, store, source, space):
        store.catalogue.record(source, space, [file_of(f"{i}.jpg", picture(f"h{i}", vector=AXES[i])) for i in range(3)])
        ids, start = self.ids(store), store.vectors.position(space)
        store.vectors.put(space, [ids["h0"]], AXES[3:])
        store.catalogue.remove_files([store.catalogue.files(source)["1.jpg"].id])
        store.catalogue.drop_orphans(source.collection_id)
        before = store.vectors.since(space, start)

        store.removal.compact()

        after = store.vectors.since(space, start)
        assert (after.put_ids.tolist(), after.dropped.tolist()) == (before.put_ids.tolist(), before.dropped.tolist())
        assert (after.position, after.count) == (before.position, 2)

    def test_lists_runs_newest_first_and_closes_killed_ones(self, store, source):
        first = store.runs.start(source.collection_id, "/pets", "tiny")
        second = store.runs.start(source.collection_id, "/pets", "tiny")
        report = RunReport(
            second, "pets", "/pets", "tiny", "done", 1, 2, 3, 4, 5, (Skip("a.jpg", "is empty"),), 6, 7, 8.5
        )

        store.runs.finish(report)

        latest, killed = store.runs.list("pets")
        assert latest == report
        assert (killed.run_id, killed.state, killed.added, killed.skips) == (first, "interrupted", 0, ())
        assert store.runs.list("pets", limit=1) == (report,)
        assert store.runs.list("others") == ()
