"""Guessing hidden words, by a network that knows them only where it sees the right picture."""

import numpy as np
import pytest
import torch

from mmsearch.errors import BadInput
from mmsearch.evaluation.cloze import guess_words
from mmsearch.evaluation.cloze_questions import ClozeQuestion
from mmsearch.nets.matcher_network import MASK
from mmsearch.rerankers.evidence import PictureTokens
from tests.nets.tiny import tiny_network
from tests.training.tiny_matcher import tiny_matcher

CAPTIONS = ["a red cat", "the red hat", "white dogs"]  # of pictures 0, 1 and 2


class Seer:
    """Spells the hidden words of a caption where it sees the picture of that number, else writes the letter a."""

    def __init__(self, captions, slips=0):
        self.dual, self.slips, self.fusion = tiny_network(), slips, self
        self.ids, _ = self.dual.tokens(captions)
        self.a = self.dual.tokenizer.token_to_id("a")

    def table(self):
        return torch.zeros(0)

    def see(self, tokens):
        return tokens

    def below(self, ids, mask):
        """Return the ids of the caption that fits what is not hidden, and its number behind them."""
        known = self.ids[:, : ids.shape[1]]
        fits = ((ids[:, None] == known) | (ids[:, None] == MASK)).all(2).int().argmax(1)
        return torch.cat([known[fits], fits[:, None]], 1)

    def predict(self, hidden, mask, seen, places, table):
        words, number = hidden[:, :-1], hidden[:, -1]
        right = seen[:, 0, 0].round() == number if seen is not None else torch.zeros(len(number)).bool()
        guesses = torch.where(right[:, None], words, self.a)[places]
        guesses[: self.slips] = self.a
        return torch.nn.functional.one_hot(guesses, self.dual.shape.text.vocab_size).float()


def question(picture, word, kind="noun"):
    start = CAPTIONS[picture].index(word)
    return ClozeQuestion(CAPTIONS[picture], picture, start, start + len(word), kind)


QUESTIONS = [question(0, "red", "colour"), question(0, "cat"), question(1, "red", "colour"), question(2, "dogs")]


@pytest.fixture
def tokens():
    """Each picture holds its number."""
    rows = np.arange(3, dtype=np.int8)[:, None, None]
    return PictureTokens(rows, np.ones((3, 1, 1), np.float16), np.zeros((3, 4), np.float16))


def guess(network, tokens, questions=QUESTIONS, **options):
    return guess_words(network, tokens, questions, reranker="seer", dataset="words", language="en", **options)


def test_words_that_only_the_picture_tells_are_guessed_seeing_and_not_blindly(tokens):
    report = guess(Seer(CAPTIONS), tokens)

    assert (report.overall.seeing.before, report.overall.seeing.after, report.overall.seeing.gain) == (0.0, 1.0, 1.0)
    assert [(each.kind, each.words, each.seeing.gain) for each in report.kinds] == [
        ("colour", 2, 1.0),
        ("noun", 2, 1.0),
    ]
    assert (report.pictures, report.overall.words, report.left_out) == (3, 4, 0)


def test_the_wrong_picture_does_not_help(tokens):
    report = guess(Seer(CAPTIONS), tokens[np.array([1, 2, 0])])

    assert report.overall.seeing.after == 0.0


def test_a_word_is_wrong_if_one_of_its_pieces_is(tokens):
    report = guess(Seer(CAPTIONS, slips=1), tokens, [question(2, "dogs")])

    assert report.overall.seeing.after == 0.0


def test_a_letter_that_is_the_word_is_right_without_a_picture(tokens):
    report = guess(Seer(CAPTIONS), tokens, [question(0, "a")])

    assert (report.overall.seeing.before, report.overall.seeing.after) == (1.0, 1.0)


def test_words_beyond_the_length_of_a_text_are_left_out(tokens):
    long = ClozeQuestion("x" * 40 + " cat", 1, 41, 44, "noun")

    report = guess(Seer([*CAPTIONS, long.text]), tokens, [QUESTIONS[0], long])

    assert (report.overall.words, report.left_out) == (1, 1)
    with pytest.raises(BadInput, match="words has no word in en that can be hidden"):
        guess(Seer([long.text]), tokens, [long])


def test_a_real_network_gives_the_same_answers_twice():
    network = tiny_matcher().requires_grad_(False).eval()
    random = np.random.default_rng(0)
    pictures = PictureTokens(
        random.integers(-127, 127, (3, 4, 8), np.int8),
        np.full((3, 4, 1), 0.01, np.float16),
        np.zeros((3, 12), np.float16),
    )
    told = []

    report = guess(network, pictures, progress=told.append)

    assert report == guess(network, pictures)
    assert [(each.done, each.total) for each in told] == [(4, 4)]
