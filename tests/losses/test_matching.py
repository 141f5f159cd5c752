import math

import pytest
import torch

from mmsearch.losses.matching import hard_negatives, matching_loss, ranking_loss


def test_matching_is_the_mean_of_the_log_chances_of_what_is_so():
    logits = torch.tensor([2.0, -1.0, 0.5])
    matched = torch.tensor([True, False, False])

    loss = matching_loss(logits, matched)

    chances = [1 / (1 + math.exp(-x)) for x in logits.tolist()]
    by_hand = -(math.log(chances[0]) + math.log(1 - chances[1]) + math.log(1 - chances[2])) / 3
    assert loss.item() == pytest.approx(by_hand, rel=1e-5)


def test_a_match_is_never_drawn_as_a_negative():
    cosines = torch.eye(5).repeat(40, 1)
    never = torch.eye(5, dtype=torch.bool).repeat(40, 1)

    drawn = hard_negatives(cosines, never, 50.0, torch.Generator().manual_seed(0))

    assert not never[torch.arange(200), drawn].any()


def test_hard_negatives_are_drawn_as_often_as_the_softmax_says():
    cosines = torch.tensor([[0.9, 0.1, 0.0, 0.2]]).repeat(20_000, 1)
    never = torch.tensor([[True, False, False, False]]).repeat(20_000, 1)

    drawn = hard_negatives(cosines, never, 10.0, torch.Generator().manual_seed(0))

    weights = [0.0, math.exp(1.0), math.exp(0.0), math.exp(2.0)]
    shares = torch.bincount(drawn, minlength=4) / len(drawn)
    assert shares.tolist() == pytest.approx([w / sum(weights) for w in weights], abs=0.015)


def test_a_query_that_everything_may_match_gets_no_negative():
    never = torch.tensor([[True, True], [True, False]])

    drawn = hard_negatives(torch.zeros(2, 2), never, 1.0, torch.Generator().manual_seed(0))

    assert drawn.tolist() == [-1, 1]


def test_a_match_is_ranked_above_what_shares_its_text_or_its_picture():
    logits = torch.tensor([1.0, -0.5, 2.0, 0.3, 0.7])
    matched = torch.tensor([True, True, False, True, False])
    text = torch.tensor([0, 1, 2, 3, 1])
    picture = torch.tensor([0, 0, 0, 1, 1])

    loss = ranking_loss(logits, matched, text, picture)

    pairs = ((1.0, 2.0), (-0.5, 2.0), (0.3, 0.7), (-0.5, 0.7))  # the last two share a text, the others a picture
    assert loss.item() == pytest.approx(sum(math.log1p(math.exp(false - good)) for good, false in pairs) / 4)


def test_where_nothing_is_shared_there_is_nothing_to_rank():
    places = torch.tensor([0, 1])

    assert ranking_loss(torch.zeros(2), torch.tensor([True, False]), places, places) == 0
