import string

import pytest

from mmsearch.ui.strings import CHINESE, ENGLISH, LANGUAGES, STRINGS, count, measure_name, say


def _fields(text):
    return {name for _, name, _, _ in string.Formatter().parse(text) if name}


def test_both_languages_have_the_same_keys():
    assert ENGLISH.keys() == CHINESE.keys()
    assert STRINGS.keys() == LANGUAGES.keys()


@pytest.mark.parametrize("key", ENGLISH)
def test_both_languages_fill_in_the_same_values(key):
    assert _fields(ENGLISH[key]) == _fields(CHINESE[key])


def test_only_names_and_examples_are_the_same_in_both():
    same = {key for key in ENGLISH if ENGLISH[key] == CHINESE[key]}

    assert same == {"title", "folder_hint", "include_hint", "exclude_hint"}


def test_an_unknown_language_speaks_english():
    assert say("tlh", "search") == "Search"


def test_a_value_with_braces_is_left_alone():
    assert say("en", "about_words", words="{oops}") == "For “{oops}”"


def test_one_and_many_are_told_apart():
    assert [count("en", "picture", n) for n in (0, 1, 2)] == ["0 pictures", "1 picture", "2 pictures"]
    assert count("zh", "text", 1) == "1 条文字"


def test_an_unknown_measure_keeps_its_name():
    assert (measure_name("zh", "cosine"), measure_name("zh", "logit")) == ("余弦", "logit")
