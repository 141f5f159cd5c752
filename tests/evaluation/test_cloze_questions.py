import numpy as np
import pytest

from mmsearch.errors import BadInput
from mmsearch.evaluation.cloze_questions import CONTENT, content_questions, scene_questions
from mmsearch.scenes.colours import COLOURS
from tests.nets.tiny import tiny_network

SIDE = 32


def hidden(questions):
    return [question.text[question.start : question.end] for question in questions]


def test_every_scene_is_asked_for_its_nouns_and_colours_in_both_languages():
    found = scene_questions(12, side=SIDE)

    assert len(found.pictures) == 12
    for language, words in (("en", set(COLOURS)), ("zh", {each.zh for each in COLOURS.values()})):
        questions = found.questions[language]
        assert {question.picture for question in questions} == set(range(12))
        assert {question.kind for question in questions} == {"noun", "colour"}
        assert {word for word, each in zip(hidden(questions), questions, strict=True) if each.kind == "colour"} <= words


def test_equal_seeds_ask_the_same():
    assert scene_questions(3, side=SIDE).questions == scene_questions(3, side=SIDE).questions
    assert scene_questions(3, side=SIDE).questions != scene_questions(3, seed=1, side=SIDE).questions


def test_refuses_no_scenes():
    with pytest.raises(BadInput, match="at least one scene; got 0"):
        scene_questions(0)


def test_asks_for_one_content_word_of_each_english_caption():
    captions = ["A dog is on the grass .", "Two of them .", "The cat"]

    found = content_questions(tiny_network(), captions, np.array([0, 0, 1]), "en")

    assert hidden(found)[0] in {"dog", "grass"}
    assert hidden(found)[1:] == ["cat"]
    assert [(question.picture, question.kind) for question in found] == [(0, CONTENT), (1, CONTENT)]


def test_another_seed_draws_other_words():
    captions = ["red green blue white black dog"] * 20

    first, again, other = (content_questions(tiny_network(), captions, np.arange(20), "en", seed) for seed in (1, 1, 2))

    assert first == again
    assert first != other


def test_a_chinese_content_word_is_a_piece_of_ideographs_that_do_not_serve_grammar(monkeypatch):
    text, spans = "两个小孩在草地上", [(0, 0), (0, 2), (2, 4), (4, 5), (5, 8), (0, 0)]
    read = type("Read", (), {"spans": np.array([spans])})
    monkeypatch.setattr("mmsearch.nets.spans.spanned_tokens", lambda dual, texts: read)

    found = content_questions(None, [text], np.array([0]), "zh")

    assert hidden(found) == ["小孩"]
