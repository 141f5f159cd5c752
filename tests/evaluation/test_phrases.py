"""Tests of the phrases that captions name things by."""

import pytest

from mmsearch.evaluation.phrases import Captioned, bare, names, phrases_of

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


def test_captions_are_asked_which_share_of_them_names_a_thing():
    pictures = Captioned([DOGS, (), ("a cat on grass", "a cat sleeps")])

    for phrase in ("a dog", "grass", "cat", "a brown dog", "a bird"):
        slowly = [sum(names((each,), phrase) for each in some) / max(1, len(some)) for some in pictures.told]
        assert pictures.shares(phrase).tolist() == pytest.approx(slowly)
    assert Captioned([("一只狗", "两只猫")]).shares("三只狗").tolist() == [0.5]


def test_common_phrases_name_what_several_pictures_are_about():
    told = [("a dog on grass", "the dog sits", "a dog", "dogs play")] * 3 + [("a cat on a sofa", "the cat")] * 2

    assert {"a dog", "dog", "the dog"} >= set(Captioned(told).common()) >= {"a dog", "dog"}
