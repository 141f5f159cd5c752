"""Why a picture was found, on pictures whose four quarters have one colour each."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from mmsearch.engine import Engine
from mmsearch.engine.explaining import smoothed
from mmsearch.errors import BadInput, BadPicture, NotIndexed, RerankerError, UnknownName
from mmsearch.search.second_opinion import Effort
from mmsearch.types import MadeBy, Modality
from tests.encoders.fakes import COLOURS, KeywordEncoder
from tests.rerankers.fakes import WORDS, ColourMatcher

ALL = Effort(seconds=60, hits=32, sure=1.1)


class QuarterEncoder(KeywordEncoder):
    """Tells the four quarters of a picture apart."""

    def _encode_patches(self, image):
        half = [length // 2 for length in image.size]
        corners = [(0, 0), (half[0], 0), (0, half[1]), (half[0], half[1])]
        parts = [image.crop((x, y, x + half[0], y + half[1])) for x, y in corners]
        return self._encode_images(parts).reshape(2, 2, -1)


class LookingMatcher(ColourMatcher):
    """Looks at the upper left for red, upper right for green, lower left for blue, and nowhere else."""

    def _heat(self, texts, picture):
        maps = np.zeros((len(texts), 4), np.float32)
        for row, text in zip(maps, texts, strict=True):
            for at, word in enumerate(WORDS):
                row[at] = word in text
        return maps.reshape(-1, 2, 2)


def quarters(*names):
    picture = Image.new("RGB", (32, 32))
    for number, name in enumerate(names):
        x, y = 16 * (number % 2), 16 * (number // 2)
        picture.paste(COLOURS[name][0], (x, y, x + 16, y + 16))
    return picture


@pytest.fixture
def matcher():
    return LookingMatcher()


@pytest.fixture
def open_with(settings, no_samples, folder, matcher):
    """Return what opens an engine that has indexed one picture, red, green, blue and black."""
    opened, prints = [], {"bundled": "0123456789abcdef", "third": "feedfeedfeedfeed"}

    def start(load_judge=lambda name: matcher, encoder=QuarterEncoder, **changed):
        engine = Engine(replace(settings, **changed), no_samples, lambda name: encoder(name, prints[name]), load_judge)
        opened.append(engine)
        quarters("red", "green", "blue", "black").save(folder / "four.png")
        engine.index(folder)
        return engine

    yield start
    for engine in opened:
        engine.close()


def the_item(engine):
    return engine.items("library")[0].id


def test_each_phrase_has_its_place_its_probability_and_its_map(open_with):
    engine = open_with()
    text = "a red square next to a green square without a blue hat"

    why = engine.explain(text, item_id=the_item(engine))

    red, green, relation, blue = why.phrases
    assert [text[slice(*each.span)] for each in why.phrases] == [
        "a red square",
        "a green square",
        "a red square next to a green square",
        "blue hat",
    ]
    assert [each.kind for each in why.phrases] == ["thing", "thing", "relation", "excluded"]
    assert [each.excluded for each in why.phrases] == [False, False, False, True]
    assert [each.heat.place() for each in (red, green, blue)] == ["upper left", "upper right", "lower left"]
    assert relation.heat.grid.tolist() == [[1, 1], [0, 0]]
    assert {each.heat.made_by for each in why.phrases} == {MadeBy.ATTENTION}
    assert all(each.probability == pytest.approx(1 / (1 + np.exp(3)), rel=0.1) for each in (red, green, blue))
    assert (why.reranker, why.encoder, why.notice) == ("colours", "bundled", None)


def test_the_whole_has_the_probability_that_the_search_gave_it(open_with):
    engine = open_with()
    for text in ("a red dress", "a red dress without a green hat", "red"):
        *_, last = engine.search_twice(text, effort=ALL)

        why = engine.explain(text, item_id=last.hits[0].item.id)

        assert why.probability == pytest.approx(last.hits[0].probability)


def test_a_text_that_was_found_is_judged_as_it_stands_on_the_picture_that_was_given(open_with):
    engine = open_with()
    picture = Image.new("RGB", (32, 32), (255, 0, 0))

    plain, denied = (engine.explain(text, image=picture) for text in ("red", "red without red"))

    assert plain.probability > 0.9
    assert denied.probability == pytest.approx(plain.probability)
    assert denied.phrases[-1].excluded


@pytest.mark.parametrize("how", ["none is set", "none is asked for", "it is of a kind that cannot tell"])
def test_without_a_matcher_that_looks_the_encoder_tells_where(open_with, how):
    blind = ColourMatcher()
    engine = open_with(lambda name: blind, reranker="none" if how == "none is set" else "bundled")

    why = engine.explain("green", item_id=the_item(engine), reranker="none" if how == "none is asked for" else None)

    (green,) = why.phrases
    assert green.heat.made_by is MadeBy.PATCHES
    assert green.heat.grid.shape == (2, 2)
    assert (green.probability is None) == (how != "it is of a kind that cannot tell")
    assert green.cosine == pytest.approx(0, abs=1e-3)  # the mean of its colours is nearest to black


def test_a_matcher_that_is_missing_is_told_and_the_encoder_does(open_with):
    def missing(name):
        raise RerankerError("There is none here.")

    engine = open_with(missing)

    why = engine.explain("green", item_id=the_item(engine))

    assert "There is none here." in why.notice
    assert why.phrases[0].heat.made_by is MadeBy.PATCHES


def test_where_nobody_can_tell_the_reason_is_told(open_with):
    engine = open_with(encoder=KeywordEncoder, reranker="none")

    why = engine.explain("green", item_id=the_item(engine))

    assert why.phrases[0].heat is None
    assert "cannot tell the parts of a picture apart" in why.notice


def test_a_picture_that_is_gone_is_explained_from_what_was_kept_of_it(open_with, folder):
    engine = open_with()
    list(engine.search_twice("red", effort=ALL))
    (folder / "four.png").unlink()

    why = engine.explain("red", item_id=the_item(engine))
    alone = engine.explain("red", item_id=the_item(engine), reranker="none")

    assert why.phrases[0].heat.place() == "upper left"
    assert alone.phrases[0].heat is None
    assert alone.notice


@pytest.mark.parametrize("asked", [{}, {"item_id": 1, "image": Image.new("RGB", (8, 8))}])
def test_it_takes_one_picture(open_with, asked):
    with pytest.raises(BadInput, match="words and one picture"):
        open_with().explain("red", **asked)


def test_it_takes_words_and_an_item_that_is_there(open_with, tmp_path):
    engine = open_with()

    with pytest.raises(BadInput, match="needs words"):
        engine.explain("  ", item_id=the_item(engine))
    with pytest.raises(UnknownName):
        engine.explain("red", item_id=999)
    with pytest.raises(BadPicture):
        engine.explain("red", image=tmp_path / "none.png")
    with pytest.raises(NotIndexed):
        engine.explain("red", item_id=the_item(engine), encoder="third")


def test_a_text_item_is_no_picture(open_with, folder):
    (folder / "note.txt").write_text("a red thing")
    engine = open_with()
    (text,) = [item for item in engine.items("library") if item.kind is Modality.TEXT]

    with pytest.raises(BadInput, match="is a text"):
        engine.explain("red", item_id=text.id)


@pytest.mark.parametrize("shape", [(1, 1), (1, 4), (3, 5)])
def test_smoothing_is_the_mean_of_a_cell_and_those_around_it(shape):
    grid = np.random.default_rng(3).random(shape).astype(np.float32)

    found = smoothed(grid)

    for row, column in np.ndindex(shape):
        around = grid[max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        assert found[row, column] == pytest.approx(around.mean(), rel=1e-5)
