import pytest
import torch

from mmsearch.nets.spans import spanned_tokens
from tests.nets.tiny import tiny_network

TEXTS = ["a red cat", "红色的图片", "two"]


@pytest.fixture(scope="module")
def dual():
    return tiny_network()


def test_ids_and_mask_are_those_that_the_encoder_reads(dual):
    read = spanned_tokens(dual, TEXTS)

    ids, mask = dual.tokens(TEXTS)
    assert torch.equal(read.ids, ids)
    assert torch.equal(read.mask, mask)


def test_spans_cover_each_text_and_nothing_of_the_prefix(dual):
    read = spanned_tokens(dual, TEXTS)

    for text, spans in zip(TEXTS, read.spans.tolist(), strict=True):
        assert "".join(text[start:end] for start, end in spans) == text
        assert spans[0] == spans[-1] == [0, 0]


def test_finds_the_tokens_of_a_word_and_not_those_of_its_neighbours(dual):
    read = spanned_tokens(dual, TEXTS)

    found = read.within([2, 0, 1], [5, 2, 1])

    words = [
        [text[start:end].strip() for start, end in spans[inside].tolist()]
        for text, spans, inside in zip(TEXTS, read.spans, found, strict=True)
    ]
    assert ["".join(each) for each in words] == ["red", "红色", ""]


def test_what_is_cut_off_has_no_tokens(dual):
    long = "x" * 40 + " cat"

    assert not spanned_tokens(dual, [long]).within([41], [44]).any()
