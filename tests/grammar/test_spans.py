"""Where phrases stand in a query."""

import pytest

from mmsearch.grammar import parse_query
from mmsearch.grammar.spans import MOST, phrases_of


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("pizza", [("thing", "pizza")]),
        ("海滩上的狗", [("thing", "海滩"), ("thing", "狗")]),
        (
            "three red cars left of a house",
            [("thing", "three red cars"), ("thing", "a house"), ("relation", "three red cars left of a house")],
        ),
        ("A dog,  but without any   leash!", [("thing", "A dog"), ("excluded", "leash")]),
        ("a cat and a cat", [("thing", "a cat"), ("thing", "a cat")]),
        ("carpets and a car", [("thing", "carpets"), ("thing", "a car")]),
        ("没有人的街道上有一辆红色的汽车", None),
        ("两只猫和一辆红色的汽车，没有狗", None),
    ],
)
def test_each_phrase_stands_where_it_is_said(text, expected):
    found = phrases_of(parse_query(text))

    said = [(phrase.kind.value, text[slice(*span)]) for phrase, span in found]
    assert [words for _, words in said] == [phrase.text for phrase, _ in found]
    if expected and text.isascii():
        assert said == expected


def test_the_same_words_twice_stand_in_two_places():
    (_, first), (_, second) = phrases_of(parse_query("a cat and a cat"))

    assert (first, second) == ((0, 5), (10, 15))


def test_a_word_is_not_found_inside_another():
    text = "a scar, no car"

    (_, _), (car, span) = phrases_of(parse_query(text))

    assert (car.text, span) == ("car", (11, 14))


def test_what_is_said_in_other_words_has_no_place():
    (_, _), (people, span) = phrases_of(parse_query("a street with nobody in it"))

    assert (people.text, span) == ("people", None)


def test_of_a_long_text_the_first_phrases_are_told():
    text = ", ".join(f"a red car {n}" for n in range(40))

    assert len(phrases_of(parse_query(text))) == MOST
