"""What is kept of items, by the kind of evidence that a re-ranker keeps."""

from dataclasses import replace

import pytest

from mmsearch.collection.hashing import content_hash
from mmsearch.engine.looking import Onlooker, TokenShelf
from mmsearch.engine.right_of_way import RightOfWay
from mmsearch.errors import RerankerError
from mmsearch.rerankers.evidence import Captions, WholePictures
from mmsearch.store.blob_cache import BlobCache
from mmsearch.types import Item, Modality, StoredText
from tests.encoders.fakes import KeywordEncoder, colour_picture
from tests.pictures import save_picture
from tests.rerankers.fakes import ColourMatcher


class Pixels(ColourMatcher):
    """Keeps pictures as they are."""

    keeps = WholePictures

    def _prepare(self, images):
        self.prepared += len(images)
        return WholePictures(tuple(images))


class Reader(ColourMatcher):
    """Reads captions."""

    reads, keeps = Modality.TEXT, Captions


@pytest.fixture
def items(tmp_path):
    """A red picture with two texts, one that is not there, and a blue picture without texts."""
    save_picture(tmp_path / "red.png", "red")
    save_picture(tmp_path / "blue.png", "blue")
    texts = (StoredText("a red thing", id=1), StoredText("red", kind="description", id=2))
    red = Item(1, "c", Modality.IMAGE, tmp_path / "red.png", None, texts, None, 8, 8, None, _hash(tmp_path / "red.png"))
    gone = replace(red, id=2, path=None, texts=texts[:1], content_hash="gone")
    blue = replace(red, id=3, path=tmp_path / "blue.png", texts=(), content_hash=_hash(tmp_path / "blue.png"))
    return [red, gone, blue]


def _hash(path):
    return content_hash(path.read_bytes())


def shelf(matcher, tmp_path):
    return TokenShelf(matcher, BlobCache(tmp_path / "tokens.db", 10_000_000), 10_000_000, 20.0)


def test_pixels_are_read_anew_and_not_stored(items, tmp_path):
    matcher = Pixels()
    for _ in range(2):
        seen = shelf(matcher, tmp_path).look(items)

        assert seen.rows == [0, 2]
        assert [image.getpixel((0, 0)) for image in seen.tokens.images] == [(255, 0, 0), (0, 0, 255)]
    assert matcher.prepared == 4
    assert not (tmp_path / "tokens.db").exists()


def test_tokens_are_stored(items, tmp_path):
    matcher = ColourMatcher()
    first, again = (shelf(matcher, tmp_path).look(items) for _ in range(2))

    assert (first.rows, again.rows, matcher.prepared) == ([0, 2], [0, 2], 2)
    assert first.tokens.rows.tolist() == again.tokens.rows.tolist()


def test_captions_are_those_of_the_items_that_have_any_and_no_picture_is_read(items, tmp_path):
    matcher = Reader()

    seen = shelf(matcher, tmp_path).look(items)

    assert seen.rows == [0, 1]
    assert seen.tokens == Captions((("a red thing", "red"), ("a red thing",)))
    assert shelf(matcher, tmp_path).look(items[2:]).tokens is None
    assert matcher.prepared == 0


class Beside(ColourMatcher):
    """Built on the encoder of keywords."""

    def look(self, images):
        if self.failing is not None:
            raise RerankerError("It broke.")
        return KeywordEncoder().encode_images(images), self.prepare(images)


PICTURES = {name: colour_picture(name) for name in ("red", "green", "blue")}


def onlooker(opened, tmp_path):
    cache = BlobCache(tmp_path / "tokens.db", 10_000_000)
    return Onlooker(KeywordEncoder(), opened, cache, RightOfWay()), cache


def test_what_is_encoded_is_kept_on_the_way(tmp_path):
    matcher = Beside()
    encode, cache = onlooker(lambda: matcher, tmp_path)

    vectors = encode(PICTURES)

    assert vectors.tolist() == KeywordEncoder().encode_images(list(PICTURES.values())).tolist()
    kept = cache.get(matcher.tokens_as, list(PICTURES))
    again = matcher.keeps.from_bytes([kept[name] for name in PICTURES])
    assert again.rows.tolist() == matcher.prepare(list(PICTURES.values())).rows.tolist()


@pytest.mark.parametrize("broken", ["while it is opened", "while it looks"])
def test_pictures_are_encoded_though_the_matcher_breaks(tmp_path, broken, caplog):
    asked = []

    def opened():
        asked.append(1)
        if broken == "while it is opened":
            raise RerankerError("It is gone.")
        return Beside(failing=1)

    encode, cache = onlooker(opened, tmp_path)

    for _ in range(2):
        assert encode(PICTURES).tolist() == KeywordEncoder().encode_images(list(PICTURES.values())).tolist()
    assert len(asked) == 1
    assert cache.size() == 0
    assert "Nothing is kept" in caplog.text
