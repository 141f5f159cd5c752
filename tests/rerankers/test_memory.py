import pytest
import torch

from mmsearch.errors import RerankerError
from mmsearch.rerankers.memory import in_batches


def work(limit):
    """Something that can do `limit[0]` rows at a time."""

    def done(rows):
        if len(rows) > limit[0]:
            raise torch.OutOfMemoryError("CUDA out of memory.")
        return list(rows)

    return done


def test_halves_the_batch_until_it_fits_and_stays_there():
    asked = []

    def counted(rows):
        asked.append(len(rows))
        return work([3])(rows)

    found = [row for _, part in in_batches(counted, range(12), 8, lambda: False) for row in part]

    assert found == list(range(12))
    assert asked == [8, 4, 2, 2, 2, 2, 2, 2]


def test_gives_way_when_a_single_row_is_too_much():
    limit = [0]

    def give_way():
        limit[0] = 100
        return True

    assert [row for _, part in in_batches(work(limit), range(5), 4, give_way) for row in part] == list(range(5))


def test_fails_when_nothing_helps():
    with pytest.raises(RerankerError, match="too little memory"):
        list(in_batches(work([0]), range(3), 2, lambda: False))


def test_another_error_is_told_at_once():
    def broken(rows):
        raise RuntimeError("shapes differ")

    with pytest.raises(RerankerError, match="shapes differ"):
        list(in_batches(broken, range(3), 2, lambda: True))
