"""Tests of the phrases that captions name things by."""

import pytest

from mmsearch.training.phrases import bare, names, phrases_of

DOGS = ("A brown dog runs on the grass .", "The dog is running on grass with a ball .", "A dog and its owner .")


def test_what_two_captions_name_is_a_phrase_with_and_without_its_determiner():
    found = phrases_of(DOGS)

    assert {"a dog", "dog", "grass"} <= set(found)
    assert not {"a ball", "ball", "its owner", "owner"} & set(found)  # one caption alone mentions it
    assert phrases_of(DOGS[:1]) == ()


def test_chinese_phrases_are_taken_without_their_number():
    found = phrases_of(("一只狗在草地上", "狗和球", "两只狗"))

    assert {"一只狗", "狗"} <= set(found)
    assert not any("球" in phrase for phrase in found)


def test_long_phrases_and_bare_colours_are_none():
    told = ("a black and a very big old brown dog", "a black and a very big old brown dog")

    assert not {"a black", "black"} & set(phrases_of(told))
    assert all(len(phrase.split()) <= 3 for phrase in phrases_of(told))


@pytest.mark.parametrize(
    ("phrase", "caption", "named"),
    [
        ("a dog", "two dogs play", True),
        ("a brown dog", "a dog that is brown", True),
        ("two dogs", "a dog", False),
        ("a brown dog", "a black dog", False),
        ("dog", "a doghouse", False),
        ("glasses", "a glass of water", False),
        ("一只狗", "两只狗在跑", True),
        ("狗", "一只猫", False),
    ],
)
def test_a_caption_names_what_it_has_all_the_words_of(phrase, caption, named):
    assert names((caption,), phrase) is named
    assert names(("nothing", caption), phrase) is named


@pytest.mark.parametrize(
    ("phrase", "left"), [("a dog", "dog"), ("the other dog", "other dog"), ("an", "an"), ("三只猫", "猫"), ("猫", "猫")]
)
def test_determiners_and_numbers_are_left_out(phrase, left):
    assert bare(phrase) == left
