import subprocess
import sys
from threading import Event

import pytest

from mmsearch.errors import BadInput, UnknownName
from mmsearch.types import Results
from mmsearch.ui import handlers
from mmsearch.ui.handlers import View
from mmsearch.ui.jobs import IndexJobs
from mmsearch.ui.previews import picture_folder, preview


def test_words_find_pictures_best_first(engine):
    view = handlers.search(engine, "blue square", None, "image", 12, None)

    assert [shown.hit.item.id for shown in view.pictures] == [2, 1]
    assert view.texts == ()
    assert handlers.gallery(view)[0] == (str(engine.items[1].path), "1 · 1.000")


def test_words_find_texts(engine):
    view = handlers.search(engine, "square", None, "text", 12, None)

    assert view.pictures == ()
    assert [shown.hit.text.text for shown in view.texts][:2] == ["a red square", "一个红色方块"]


def test_a_picture_finds_texts_and_pictures_at_once(engine):
    view = handlers.search(engine, "", str(engine.items[0].path), "image", 12, None)

    assert view.about == "about_picture"
    assert view.pictures
    assert view.texts


def test_a_picture_together_with_words_says_so(engine):
    view = handlers.search(engine, "red", str(engine.items[0].path), "image", 12, None)

    assert "together with “red”" in handlers.status(view, "en")


@pytest.mark.parametrize("words", ["", "   ", "\n\t", None])
def test_nothing_to_search_for_is_a_hint_not_an_error(engine, words):
    view = handlers.search(engine, words, None, "image", 12, None)

    assert "nothing to search for yet" in handlers.status(view, "en")
    assert handlers.gallery(view) == []


@pytest.mark.parametrize("words", ["?" * 5000, "\x00\ud83d", "🐻🐻🐻", "'; DROP TABLE items; --", "{0}%s{{x}}"])
def test_nonsense_gets_an_answer(engine, words):
    view = handlers.search(engine, words, None, "image", 12, None)

    assert handlers.status(view, "zh")


def test_a_picture_that_is_gone_is_left_out_and_counted(engine):
    view = handlers.search(engine, "lost picture", None, "image", 12, None)

    assert view.hidden == 1
    assert "1 more cannot be shown" in handlers.status(view, "en")


def test_an_unknown_target_is_refused_by_name(engine):
    with pytest.raises(BadInput, match="'sound'"):
        handlers.search(engine, "red", None, "sound", 12, None)


def test_the_engines_errors_pass_through(engine):
    with pytest.raises(UnknownName):
        handlers.search(engine, "red", None, "image", 12, "nope")


def test_the_status_names_measure_encoder_and_collection(engine):
    view = handlers.search(engine, "red", None, "image", 12, None)

    assert "cosine similarity, encoder fake · collection samples" in handlers.status(view, "en")
    assert "余弦相似度，编码器 fake · 图库 samples" in handlers.status(view, "zh")


def test_an_empty_answer_says_what_to_do(engine):
    view = View("about_words", "red", answers=(Results((), "library", "fake", "cosine", 0.0),))

    assert "Index a folder first" in handlers.status(view, "en")


def test_more_like_this_leaves_out_the_picture_itself(engine):
    shown = handlers.search(engine, "red", None, "image", 12, None).pictures[0]

    view = handlers.more_like(engine, shown, 12)

    assert shown.hit.item.id not in [other.hit.item.id for other in view.pictures]
    assert "Like “Red”" in handlers.status(view, "en")


def test_details_tell_everything_about_a_hit(engine):
    shown = handlers.search(engine, "red", None, "image", 12, None).pictures[0]

    told = handlers.details(engine, shown, "en")

    for expected in (
        "<h3>Red</h3>",
        "<strong>1.000</strong> <span>cosine similarity, encoder fake</span>",
        "a red square",
        "一个红色方块",
        "A. Painter",
        '<a href="https://example.org/by" target="_blank"',
        "80 × 60",
        str(engine.items[0].path),
    ):
        assert expected in told
    assert handlers.details(engine, None, "en") == ""


def test_a_preview_is_made_once_and_lies_among_the_thumbnails(engine):
    first = preview(engine, engine.items[0])

    assert first.is_relative_to(picture_folder(engine))
    assert first.read_bytes().startswith(b"\xff\xd8")
    assert preview(engine, engine.items[0]) == first


def test_a_picture_that_is_gone_has_no_preview(engine):
    assert preview(engine, engine.items[2]) is None


def test_collections_are_offered_with_what_they_hold(engine):
    assert handlers.collection_choices(engine, "en") == [("samples · 3 pictures, 5 texts", "samples")]


@pytest.mark.parametrize(
    ("folder", "collection", "hosted", "missing"),
    [
        ("", "library", False, "folder_missing"),
        ("  ", "library", False, "folder_missing"),
        ("/x", " ", False, "collection_missing"),
        ("/x", "library", True, "hosted"),
    ],
)
def test_indexing_says_what_is_missing(engine, folder, collection, hosted, missing):
    jobs = IndexJobs(engine)

    assert handlers.start_indexing(jobs, folder, collection, "", "", hosted=hosted) == missing
    assert jobs.now.state == "idle"


def test_indexing_starts_with_the_patterns_given(engine, tmp_path):
    jobs = IndexJobs(engine)

    assert handlers.start_indexing(jobs, f" {tmp_path} ", " mine ", "*.png, a/**", "", hosted=False) is None
    jobs.wait(10)

    assert engine.indexed == [(str(tmp_path), "mine", ("*.png", "a/**"), ())]


def test_a_second_run_is_told_to_wait(engine, tmp_path):
    engine.gate = Event()
    jobs = IndexJobs(engine)
    jobs.start(str(tmp_path), "library")

    assert handlers.start_indexing(jobs, str(tmp_path), "library", "", "", hosted=False) == "busy"
    engine.gate.set()
    jobs.wait(10)


def test_patterns_are_split_at_commas_and_lines():
    assert handlers.patterns(" *.jpg, ,a b/**\n\nc ") == ("*.jpg", "a b/**", "c")


def test_handlers_import_neither_gradio_nor_torch():
    code = "import sys, mmsearch.ui.handlers; print([name for name in ('gradio', 'torch') if name in sys.modules])"

    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert answer.stdout.strip() == "[]"
