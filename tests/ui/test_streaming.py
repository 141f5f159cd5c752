import json

import pytest

from mmsearch.ui.streaming import Answers


@pytest.fixture
def told(engine, tmp_path):
    """Return what the page is told for a question, part by part."""
    arrivals = tmp_path / "arrivals"
    arrivals.mkdir()
    answers = Answers(engine, arrivals)

    def ask(question):
        body = question if isinstance(question, bytes) else json.dumps(question).encode()
        return [json.loads(line) for line in answers.lines(body)]

    return ask


def test_tells_the_first_answer_and_then_the_second_opinion(told):
    first, second = told({"words": "blue square", "target": "image", "k": 2})

    assert len(first["hits"]) == len(second["hits"]) == 2
    assert (first["reranker"], second["reranker"]) == (None, "judge")


def test_a_question_says_whether_all_are_wanted(told):
    *_, second = told({"words": "blue square", "find": "all"})

    assert second["matching"] == len(second["hits"])
    assert told({"words": "blue square", "find": "most"})[0]["kind"] == "BadInput"


def test_an_error_of_ours_is_a_part(told):
    (part,) = told({"words": "red", "collection": "nope"})

    assert part["kind"] == "UnknownName"
    assert "nope" in part["problem"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"k": "many"}', b'{"k": null}', b'{"picture": 3}', b"\xff"])
def test_what_is_no_question_is_refused(told, body):
    (part,) = told(body)

    assert part["kind"] == "BadInput"


def test_a_file_that_no_visitor_sent_is_refused(told):
    (part,) = told({"picture": {"path": "/etc/passwd"}})

    assert part["kind"] == "BadInput"
    assert "did not arrive" in part["problem"]


def test_words_with_broken_characters_do_no_harm(told):
    assert len(told(b'{"words": "red \\ud800"}')) == 2


def test_one_who_takes_his_time_keeps_nobody_waiting(engine, tmp_path):
    answers = Answers(engine, tmp_path)
    slow = [answers.lines(b'{"words": "red"}') for _ in range(10)]
    for each in slow:
        next(each)

    assert len(list(answers.lines(b'{"words": "red"}'))) == 2


@pytest.fixture
def why(engine, tmp_path):
    """Return what the page is told when it asks why a hit was found."""
    (tmp_path / "arrivals").mkdir()
    answers = Answers(engine, tmp_path / "arrivals")
    return lambda question: json.loads(
        answers.why(question if isinstance(question, bytes) else json.dumps(question).encode())
    )


def test_tells_why_words_found_a_picture(why, engine):
    told = why({"words": "red leash", "item": 1, "encoder": "fake"})

    assert engine.explained == [("red leash", 1, None, "samples", "fake")]
    assert (told["probability"], told["reranker"], told["notice"]) == (0.5, "judge", None)
    assert [each["excluded"] for each in told["phrases"]] == [False, True]
    assert told["phrases"][0]["probability"] == 0.988
    assert told["phrases"][0]["heat"] == {
        "grid": [[1.0, 0.123], [0.0, 0.0]],
        "place": "upper left",
        "made_by": "attention",
    }


def test_tells_why_a_picture_that_was_sent_found_a_text(why, engine, tmp_path):
    (tmp_path / "arrivals" / "sent.png").write_bytes(b"picture")

    why({"words": "red", "picture": {"path": str(tmp_path / "arrivals" / "sent.png")}, "collection": "samples"})

    assert engine.explained == [("red", None, str(tmp_path / "arrivals" / "sent.png"), "samples", None)]


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ({"words": "red", "item": 99}, "UnknownName"),
        ({"words": "red", "item": 1, "encoder": "/etc"}, "UnknownName"),
        ({"words": "red", "picture": {"path": "/etc/passwd"}}, "BadInput"),
        ({"words": "red", "item": "many"}, "BadInput"),
        (b"{", "BadInput"),
    ],
)
def test_what_cannot_be_explained_is_a_problem(why, engine, question, kind):
    assert why(question)["kind"] == kind
    assert engine.explained == []
