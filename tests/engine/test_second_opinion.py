from dataclasses import replace

import pytest
from PIL import Image

from mmsearch.engine import Engine
from mmsearch.errors import BadInput, RerankerError
from mmsearch.search.second_opinion import Effort
from mmsearch.types import Modality
from tests.encoders.fakes import colour_picture
from tests.engine.conftest import load_fake
from tests.pictures import save_picture
from tests.rerankers.fakes import ColourMatcher

ALL = Effort(seconds=60, hits=32, sure=1.1)


@pytest.fixture
def matcher():
    return ColourMatcher()


@pytest.fixture
def engine(settings, no_samples, matcher):
    with Engine(settings, no_samples, load_fake, lambda name: matcher) as engine:
        yield engine


@pytest.fixture
def reds(engine, folder):
    """Pictures that the encoder takes for red, each redder than the one before, and a blue one."""
    for share in (150, 200, 250):
        Image.new("RGB", (32, 32), (share, 0, 0)).save(folder / f"red-{share}.png")
        (folder / f"red-{share}.txt").write_text(f"a red thing {share}")
    save_picture(folder / "blue.png", "blue")
    engine.index(folder)
    return engine


def names(results):
    return [hit.item.path.stem for hit in results]


def test_first_the_encoders_answer_then_the_matchers(reds):
    first, last = reds.search_twice("red", effort=ALL)

    assert (first.reranker, first.judged) == (None, 0)
    assert names(last)[:3] == ["red-250", "red-200", "red-150"]
    assert (last.reranker, last.judged, last.notice) == ("colours", 4, None)
    assert all(hit.found_at for hit in last)
    assert sorted(names(first)) == sorted(names(last))


def test_more_is_judged_than_is_shown(reds):
    first, last = reds.search_twice("red", k=1, effort=ALL)

    assert len(first) == len(last) == 1
    assert names(last) == ["red-250"]


def test_what_is_excluded_is_not_looked_for(reds):
    first, last = reds.search_twice("something blue without red", k=4, effort=ALL)

    assert names(first)[0] == "blue"
    assert names(last)[0] == "blue"


def test_a_picture_is_looked_at_once(reds, matcher):
    list(reds.search_twice("red", effort=ALL))
    before = matcher.prepared
    list(reds.search_twice("blue", effort=ALL))

    assert before == matcher.prepared == 4


def test_tokens_of_another_re_ranker_are_not_used(reds, matcher):
    list(reds.search_twice("red", effort=ALL))
    matcher.tokens_as = "other"
    list(reds.search_twice("red", effort=ALL))

    assert matcher.prepared == 8


def test_tokens_that_are_damaged_are_made_anew(reds, matcher, settings):
    list(reds.search_twice("red", effort=ALL))
    reds._judges.close()
    (settings.home / "tokens.db").write_bytes(b"broken" * 10_000)

    *_, last = reds.search_twice("red", effort=ALL)

    assert names(last)[0] == "red-250"
    assert matcher.prepared == 8


def test_a_picture_that_changed_since_it_was_indexed_is_not_judged(reds, folder):
    save_picture(folder / "red-250.png", "white")

    *_, last = reds.search_twice("red", effort=ALL)

    assert names(last)[0] == "red-200"
    assert last.hits[-1].probability is None


def test_texts_found_for_a_picture_are_judged(reds, folder):
    (folder / "green.txt").write_text("a green thing")
    _, last = reds.search_twice(image=colour_picture("red"), target=Modality.TEXT, effort=ALL)

    assert last.reranker == "colours"
    assert last.hits[0].text.text.startswith("a red thing")
    assert last.hits[0].probability > 0.9


@pytest.mark.parametrize(
    "query",
    [
        {"image": colour_picture("red")},
        {"text": "blue", "image": colour_picture("red")},
        {"text": "red", "target": Modality.TEXT},
    ],
)
def test_other_queries_have_one_answer(reds, query):
    assert len(list(reds.search_twice(**query, effort=ALL))) == 1


@pytest.mark.parametrize("failing", [1, 2])
def test_when_the_matcher_breaks_the_first_answer_stays_and_says_so(reds, matcher, failing):
    matcher.failing = failing
    first, *_, last = reds.search_twice("red", effort=ALL)

    assert sorted(names(last)) == sorted(names(first))
    assert (last.notice is None) == (failing == 2)


def test_without_a_matcher_the_first_answer_stays_and_says_so(settings, no_samples, folder):
    def missing(name):
        raise RerankerError(f"There is no re-ranker {name!r}.")

    save_picture(folder / "red.png", "red")
    with Engine(settings, no_samples, load_fake, missing) as engine:
        engine.index(folder)
        first, last = engine.search_twice("red")

    assert names(first) == names(last) == ["red"]
    assert last.notice == "There is no re-ranker 'bundled'."


def test_none_is_asked_where_none_is_wanted(settings, no_samples, folder):
    save_picture(folder / "red.png", "red")
    with Engine(replace(settings, reranker="none"), no_samples, load_fake) as engine:
        engine.index(folder)

        assert len(list(engine.search_twice("red"))) == 1


def test_what_was_kept_of_a_picture_goes_with_it(reds, matcher):
    *_, last = reds.search_twice("red", effort=ALL)
    keys, cache = [hit.item.content_hash for hit in last], reds._judges._cache
    assert len(cache.get(matcher.tokens_as, keys)) == 4

    reds.remove_collection("library")

    assert cache.get(matcher.tokens_as, keys) == {}


def test_all_that_match_are_counted_and_the_others_left_out(reds):
    first, *_, last = reds.search_twice("red", at_least=0.8)

    assert names(last) == ["red-250", "red-200"]  # log-odds 5.8 and 3.4; of red-150 1.1
    assert (len(first), last.matching) == (4, 2)


@pytest.mark.parametrize("at_least", [-0.1, 1.5, float("nan")])
def test_what_is_no_probability_is_refused(reds, at_least):
    with pytest.raises(BadInput, match="probability"):
        next(reds.search_twice("red", at_least=at_least))
