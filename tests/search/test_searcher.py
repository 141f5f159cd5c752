from pathlib import Path

import numpy as np
import pytest

from mmsearch.search import LiveIndex, Searcher
from mmsearch.search.searcher import unit_sum
from mmsearch.store.records import Entry, FileRecord
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Modality, Text

DIM = 16
AXES = np.eye(DIM, dtype=np.float32)


@pytest.fixture
def source(store):
    return store.catalogue.open_source(store.catalogue.open_collection("photos"), Path("/p"), Path("/p"), (), ())


@pytest.fixture
def space(store, source):
    return VectorSpace(source.collection_id, store.vectors.register_encoder("tiny", "f1", DIM), Modality.IMAGE, DIM)


@pytest.fixture
def searcher(store, space, tmp_path):
    def open_for(target):
        vectors = VectorSpace(space.collection_id, space.encoder_id, target, DIM)
        return Searcher(store, LiveIndex(store, vectors, "f1", tmp_path / f"{target}.index"), target)

    return open_for


def towards(axis: int, cosine: float) -> np.ndarray:
    """A unit vector at this cosine to an axis."""
    vector = AXES[axis] * cosine
    vector[DIM - 1] = np.sqrt(1 - cosine**2)
    return vector


def add(store, source, space, name, vector, *texts):
    entry = Entry(Modality.IMAGE, name, tuple(Text(text) for text in texts), vector=vector)
    store.catalogue.record(source, space, [FileRecord(f"{name}.jpg", 1, 1, "s", name, (entry,))])


def test_ranks_from_one_with_the_best_first(store, source, space, searcher):
    for name, cosine in (("far", 0.2), ("near", 0.9), ("middle", 0.5)):
        add(store, source, space, name, towards(0, cosine))

    hits = searcher(Modality.IMAGE).search(AXES[0], k=2)

    assert [(hit.rank, hit.item.path.name, hit.text) for hit in hits] == [
        (1, "near.jpg", None),
        (2, "middle.jpg", None),
    ]
    assert [hit.score for hit in hits] == pytest.approx([0.9, 0.5], abs=1e-3)


def test_leaves_out_what_it_is_told_to(store, source, space, searcher):
    for i in range(4):
        add(store, source, space, f"p{i}", towards(0, 0.9 - i / 10))
    first = searcher(Modality.IMAGE).search(AXES[0], k=1)[0].item.id

    hits = searcher(Modality.IMAGE).search(AXES[0], k=2, exclude=[first])

    assert [hit.item.path.name for hit in hits] == ["p1.jpg", "p2.jpg"]


def test_gives_all_there_is_where_that_is_less_than_k(store, source, space, searcher):
    add(store, source, space, "only", AXES[0])

    assert len(searcher(Modality.IMAGE).search(AXES[0], k=50)) == 1
    assert searcher(Modality.TEXT).search(AXES[0], k=5) == ()


def test_names_the_text_that_matched(store, source, space, searcher):
    add(store, source, space, "tom", AXES[0], "a cat", "asleep")
    texts = VectorSpace(space.collection_id, space.encoder_id, Modality.TEXT, DIM)
    lacking = store.read.texts_without_vector(texts)
    store.vectors.put(texts, [text_id for text_id, _ in lacking], AXES[:2])

    (hit,) = searcher(Modality.TEXT).search(AXES[1], k=1)

    assert (hit.text.text, hit.item.path.name) == ("asleep", "tom.jpg")


def test_what_two_files_state_alike_is_one_hit(store, source, space, searcher):
    entry = Entry(Modality.IMAGE, "h", (Text("a cat"), Text("asleep")), vector=AXES[0])
    store.catalogue.record(source, space, [FileRecord(f"{i}.jpg", 1, 1, "s", "h", (entry,)) for i in range(30)])
    texts = VectorSpace(space.collection_id, space.encoder_id, Modality.TEXT, DIM)
    lacking = store.read.texts_without_vector(texts)
    vectors = np.stack([AXES[0] if words == "a cat" else towards(0, 0.5) for _, words in lacking])
    store.vectors.put(texts, [text_id for text_id, _ in lacking], vectors)

    hits = searcher(Modality.TEXT).search(AXES[0], k=2)

    assert [hit.text.text for hit in hits] == ["a cat", "asleep"]


def test_an_item_without_a_file_is_no_hit(store, source, space, searcher):
    add(store, source, space, "gone", AXES[0])
    add(store, source, space, "there", towards(0, 0.5))
    store.catalogue.remove_files([store.catalogue.files(source)["gone.jpg"].id])

    hits = searcher(Modality.IMAGE).search(AXES[0], k=5)

    assert [hit.item.path.name for hit in hits] == ["there.jpg"]


def test_the_sum_of_unit_vectors_is_a_direction():
    direction = unit_sum([AXES[0], AXES[1]])

    assert direction[:2].tolist() == pytest.approx([2**-0.5] * 2)
    assert unit_sum([AXES[0], -AXES[0]]).tolist() == [0.0] * DIM
