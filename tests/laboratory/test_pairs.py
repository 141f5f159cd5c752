import numpy as np
import pytest

from mmsearch.encoders.sides import Side
from mmsearch.errors import BadInput, TrainingError
from mmsearch.laboratory.pairs import PairVectors, check_enough, encoded_pairs, pairs_of_file
from mmsearch.store.blob_cache import BlobCache
from mmsearch.training.folders import read_folder


class Counting:
    """Sides whose vectors can be worked out by hand: mean colour of a picture, letters of a text."""

    def __init__(self, fingerprint="abc"):
        self.images = self.texts = 0
        self.sides = {
            "image": self._side(fingerprint, self.see, 16),
            "text": self._side(fingerprint, self.read, 0),
        }

    def _side(self, fingerprint, encode, image_side):
        return Side("counting", None, fingerprint, image_side, plain=True, encode=encode, patches=None)

    def see(self, pictures):
        self.images += len(pictures)
        return np.array([np.asarray(picture).mean((0, 1)) for picture in pictures], np.float32)

    def read(self, texts):
        self.texts += len(texts)
        return np.array([[len(text), text.count("e")] for text in texts], np.float32)


@pytest.fixture
def pictures(photos):
    return read_folder(photos, held_out=0.0, seed=0).train


@pytest.fixture
def cache(tmp_path):
    return BlobCache(tmp_path / "features.db", 10_000_000)


def test_each_text_keeps_its_picture(pictures, cache):
    found = encoded_pairs(pictures, Counting().sides, cache, lambda *_: None)

    texts = [(i, text) for i, picture in enumerate(pictures) for each in picture.texts.values() for text in each]
    assert found.owner.tolist() == [i for i, _ in texts]
    assert found.text[:, 0].tolist() == [len(text) for _, text in texts]
    assert found.image.shape == (30, 3)


def test_nothing_is_worked_out_twice(pictures, cache):
    first, second, other = Counting(), Counting(), Counting("def")

    made = encoded_pairs(pictures, first.sides, cache, lambda *_: None)
    again = encoded_pairs(pictures, second.sides, cache, lambda *_: None)
    encoded_pairs(pictures, other.sides, cache, lambda *_: None)

    assert (first.images, second.images, second.texts, other.images) == (30, 0, 0, 30)
    assert first.texts == len({text for p in pictures for each in p.texts.values() for text in each})
    assert np.array_equal(made.image, again.image)
    assert np.array_equal(made.text, again.text)


def test_a_stop_keeps_what_was_done(pictures, cache):
    def stop(phase, done, total):
        if phase.startswith("texts"):
            raise KeyboardInterrupt

    first, second = Counting(), Counting()
    with pytest.raises(KeyboardInterrupt):
        encoded_pairs(pictures, first.sides, cache, stop)
    encoded_pairs(pictures, second.sides, cache, lambda *_: None)

    assert second.images == 0


def test_some_pictures_go_with_their_texts():
    pairs = PairVectors(np.arange(4)[:, None], np.arange(6)[:, None], np.array([0, 3, 1, 3, 2, 0]), np.arange(4) + 5)

    some = pairs.subset(np.array([3, 0]))

    assert some.image[:, 0].tolist() == [3, 0]
    assert some.text[:, 0].tolist() == [0, 1, 3, 5]
    assert some.owner.tolist() == [1, 0, 0, 1]
    assert some.labels.tolist() == [8, 5]


def test_reads_vectors_from_a_file(tmp_path):
    image, text = np.random.default_rng(0).standard_normal((2, 30, 4)).astype(np.float32)
    np.savez(tmp_path / "pairs.npz", image=image, text=text[:, :3], labels=np.arange(30) % 2)

    found = pairs_of_file(tmp_path / "pairs.npz")

    assert np.array_equal(found.image, image)
    assert found.owner.tolist() == list(range(30))
    assert found.labels.tolist() == [0, 1] * 15


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"image": np.ones((30, 4))}, "no arrays called image and text"),
        ({"image": np.ones((30, 4)), "text": np.ones((29, 3))}, "29"),
        ({"image": np.full((30, 4), np.nan), "text": np.ones((30, 3))}, "image features hold"),
        ({"image": np.ones(30), "text": np.ones((30, 3))}, "image features"),
        ({"image": np.ones((30, 4)), "text": np.ones((30, 3)), "owner": np.full(30, 99)}, "99"),
    ],
)
def test_refuses_vectors_that_are_no_pairs(tmp_path, arrays, message):
    np.savez(tmp_path / "pairs.npz", **arrays)

    with pytest.raises(BadInput, match=message):
        pairs_of_file(tmp_path / "pairs.npz")


def test_refuses_files_that_are_no_arrays(tmp_path):
    (tmp_path / "pairs.npz").write_text("no arrays")

    for name in ("pairs.npz", "nowhere.npz"):
        with pytest.raises(BadInput, match="Cannot read vectors from"):
            pairs_of_file(tmp_path / name)


def test_refuses_too_few(tmp_path):
    check_enough(20, tmp_path)
    with pytest.raises(TrainingError, match="holds 19 pictures with texts; at least 20"):
        check_enough(19, tmp_path)
