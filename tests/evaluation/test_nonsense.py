import numpy as np
import pytest

from mmsearch.evaluation.nonsense import words_without_meaning
from mmsearch.grammar import is_phrase, language_of


@pytest.mark.parametrize("language", ["en", "zh"])
def test_are_phrases_of_their_language(language):
    words = words_without_meaning(language, 50, np.random.default_rng(0))

    assert len(set(words)) == 50
    assert all(map(is_phrase, words))
    assert {language_of(each) for each in words} == {language}


def test_the_lot_decides():
    one, other = (words_without_meaning("en", 5, np.random.default_rng(seed)) for seed in (0, 1))

    assert words_without_meaning("en", 5, np.random.default_rng(0)) == one != other
