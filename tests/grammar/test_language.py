"""Tests of telling languages apart, and of counting words in them."""

import pytest

from mmsearch.grammar import language_of, words_in


def test_tells_the_language_of_a_text():
    assert [language_of(text) for text in ("a dog", "一只狗", "a 狗", "")] == ["en", "zh", "zh", "en"]


@pytest.mark.parametrize(
    ("text", "words"), [("", 0), ("a dog", 2), (" a  red dog ", 3), ("狗", 0.5), ("一只狗在跑。", 2.5)]
)
def test_counts_words(text, words):
    assert words_in(text) == words
