from collections import Counter
from itertools import islice

import pytest

from mmsearch.errors import BadInput
from mmsearch.evaluation.compose_cases import SPLITS, compose_cases
from mmsearch.scenes import FoilKind

SIDE = 32


def words(case):
    return case.kind, case.split, case.pairs


def test_every_kind_and_split_gets_the_same_number_of_scenes():
    tally = Counter((case.kind, case.split) for case in compose_cases(3, side=SIDE))

    assert tally == {(kind, split): 3 for kind in FoilKind for split in SPLITS}


def test_no_true_caption_comes_twice_in_either_language():
    cases = list(compose_cases(20, side=SIDE))

    for language in ("en", "zh"):
        assert len({case.pairs[language][0] for case in cases}) == len(cases)


def test_a_small_suite_is_the_beginning_of_a_large_one():
    small = [words(case) for case in compose_cases(2, side=SIDE)]

    assert small == [words(case) for case in islice(compose_cases(3, side=SIDE), len(small))]


def test_equal_seeds_give_equal_pictures_and_other_seeds_others():
    first, again, other = (next(compose_cases(1, seed, SIDE)) for seed in (5, 5, 6))

    assert first.picture.tobytes() == again.picture.tobytes() != other.picture.tobytes()


def test_refuses_an_empty_suite():
    with pytest.raises(BadInput, match="at least one scene of each kind; got 0"):
        next(compose_cases(0))
