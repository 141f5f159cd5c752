import subprocess
import sys

import pytest

from mmsearch.errors import BadInput, UnknownName
from mmsearch.ui import handlers
from mmsearch.ui.hosting import Rights


def test_words_find_pictures_best_first(engine):
    told = handlers.search(engine, "blue square", None, "image", 12, "", "")

    assert [hit["id"] for hit in told["hits"]] == [2, 1, 3]
    assert told["hits"][0] | {"names": None, "hash": None} == {
        "id": 2, "hash": None, "kind": "image", "width": 80, "height": 60, "names": None, "rank": 1, "score": 1.0,
    }  # fmt: skip
    assert (told["collection"], told["encoder"], told["measure"], told["ms"]) == ("samples", "fake", "cosine", 12)


def test_words_find_texts(engine):
    told = handlers.search(engine, "square", None, "text", 12, "", "")

    assert [hit["text"] for hit in told["hits"]][:2] == ["a red square", "一个红色方块"]
    assert told["hits"][0]["text_id"] == engine.all[0].texts[0].id


def test_a_picture_finds_pictures(engine):
    told = handlers.search(engine, "", str(engine.all[0].path), "image", 12, "", "")

    assert len(told["hits"]) == 3


def test_a_second_opinion_follows_the_first(engine):
    first, second = handlers.search_twice(engine, "square", None, "image", 12, "", "")

    assert first["reranker"] is None
    assert "probability" not in first["hits"][0]
    assert [hit["id"] for hit in second["hits"]] == [hit["id"] for hit in reversed(first["hits"])]
    assert (second["reranker"], second["judged"]) == ("judge", len(first["hits"]) - 1)
    assert second["hits"][0]["probability"] == 1.0
    assert second["hits"][0]["found_at"] == len(first["hits"])
    assert second["hits"][-1]["probability"] is None


def test_all_that_match_can_be_asked_for(engine):
    *_, last = handlers.search_twice(engine, "square", None, "image", 12, "", "", "all")

    assert last["matching"] == len(last["hits"]) == 2
    assert [hit["confidence"] for hit in last["hits"]] == ["high", "high"]
    with pytest.raises(BadInput, match="'some'"):
        next(handlers.search_twice(engine, "square", None, "image", 12, "", "", "some"))


def test_the_page_is_told_that_nothing_matches(engine):
    told = list(handlers.search_twice(engine, "nonsense", None, "image", 12, "", ""))

    assert [part["nothing"] for part in told] == [False, True]


@pytest.mark.parametrize("words", ["", "   ", "\n\t"])
def test_nothing_to_search_for_is_refused_in_the_engines_words(engine, words):
    with pytest.raises(BadInput, match="Nothing to search for"):
        handlers.search(engine, words, None, "image", 12, "", "")


@pytest.mark.parametrize("words", ["?" * 5000, "\x00", "🐻🐻🐻", "'; DROP TABLE items; --", "{0}%s{{x}}"])
def test_nonsense_gets_an_answer(engine, words):
    assert handlers.search(engine, words, None, "image", 12, "", "")["hits"]


def test_an_unknown_target_is_refused_by_name(engine):
    with pytest.raises(BadInput, match="'sound'"):
        handlers.search(engine, "red", None, "sound", 12, "", "")


def test_the_engines_errors_pass_through(engine):
    with pytest.raises(UnknownName):
        handlers.search(engine, "red", None, "image", 12, "nope", "")


@pytest.mark.parametrize("encoder", ["/etc", "owner/model", "other", "../fake"])
def test_only_an_encoder_that_has_read_the_collection_can_be_asked_for(engine, encoder):
    assert handlers.search(engine, "red", None, "image", 12, "", "fake")["hits"]
    with pytest.raises(UnknownName, match="encoder"):
        handlers.search(engine, "red", None, "image", 12, "", encoder)
    with pytest.raises(UnknownName, match="encoder"):
        handlers.similar(engine, 1, 12, encoder)


def test_more_like_this_leaves_out_the_picture_itself_and_tells_what_it_is_like(engine):
    told = handlers.similar(engine, 1, 12, "")

    assert [hit["id"] for hit in told["hits"]] == [2, 3]
    assert told["like"]["names"]["en"] == "Red"


def test_a_collection_can_be_looked_through_page_by_page(engine):
    told = handlers.browse(engine, "", 1)

    assert (told["collection"], told["total"]) == ("samples", 3)
    assert [item["id"] for item in told["items"]] == [2, 3]
    assert [item["id"] for item in handlers.browse(engine, "", -5)["items"]] == [1, 2, 3]


def test_details_tell_everything_about_an_item(engine):
    told = handlers.details(engine, 1, Rights())

    assert [caption["text"] for caption in told["captions"]] == ["a red square", "一个红色方块"]
    assert told["credit"]["author"] == "A. Painter"
    assert told["path"] == str(engine.all[0].path)
    assert told["bytes"] == engine.all[0].path.stat().st_size
    assert handlers.details(engine, 3, Rights())["bytes"] is None


def test_strangers_do_not_learn_where_files_lie(engine):
    strangers = Rights(paths=False)

    assert handlers.details(engine, 1, strangers)["path"] == engine.all[0].path.name
    for collection in handlers.overview(engine, strangers)["collections"]:
        assert not any("/" in source for source in collection["sources"])


def test_the_overview_tells_what_there_is_and_what_one_may_do(engine):
    told = handlers.overview(engine, Rights(roots=("/photos",)))

    assert told["collections"][0]["vectors"] == {"fake": {"pictures": 3, "texts": 5}}
    assert told["collections"][0]["encoder"] == "fake"
    assert [encoder["name"] for encoder in told["encoders"]] == ["fake", "other", "far"]
    assert told["rights"]["roots"] == ["/photos"]


def test_every_picture_of_the_samples_is_credited(engine):
    told = handlers.credits_of_samples(engine)

    assert [item["id"] for item in told["items"]] == [1, 2, 3]
    assert told["items"][0]["credit"]["licence"] == "CC BY 4.0"


def test_without_samples_there_are_no_credits(engine):
    engine.collections = lambda: ()

    assert handlers.credits_of_samples(engine) == {"items": []}


def test_handlers_import_neither_gradio_nor_torch():
    code = (
        "import sys, mmsearch.ui.handlers, mmsearch.ui.managing;"
        "print([name for name in ('gradio', 'torch') if name in sys.modules])"
    )

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
