import pytest
import torch
from torch.nn.functional import normalize

from mmsearch.training.contrast import PairCache, foiled_contrast, taught_contrast

SCALE = torch.tensor(4.0)


def unit(*shape, seed):
    return normalize(torch.randn(*shape, generator=torch.Generator().manual_seed(seed)), dim=1)


def pairs(count, seed):
    return unit(count, 5, seed=seed), unit(count, 5, seed=seed + 100)


def distinct(count, first=0):
    numbers = torch.arange(first, first + count)
    return torch.stack([numbers, numbers + 1000], 1)


def cache_of(*batches, size=8):
    cache = PairCache(size, 5, torch.device("cpu"))
    for (image, text), ids in batches:
        cache.add(image, text, ids)
    return cache


def test_foils_are_negatives_of_pictures_alone():
    image, text = pairs(3, seed=1)
    foils = unit(2, 5, seed=7)

    loss = foiled_contrast(image, text, distinct(3), foils, SCALE, 0.0)

    there = (SCALE * image @ torch.cat([text, foils]).T).log_softmax(1).diagonal()
    back = (SCALE * text @ image.T).log_softmax(1).diagonal()
    assert loss == pytest.approx(-(there + back).mean() / 2)


def test_pairs_that_share_a_text_are_no_negatives_of_each_other():
    image, text = pairs(3, seed=1)
    ids = distinct(3)
    ids[1, 1] = ids[0, 1]

    loss = foiled_contrast(image, text, ids, torch.zeros(0, 5), SCALE, 0.0)

    never = torch.zeros(3, 3, dtype=torch.bool)
    never[0, 1] = never[1, 0] = True
    there = (SCALE * image @ text.T).masked_fill(never, -torch.inf).log_softmax(1).diagonal()
    back = (SCALE * text @ image.T).masked_fill(never, -torch.inf).log_softmax(1).diagonal()
    assert loss == pytest.approx(-(there + back).mean() / 2)


def test_all_keys_are_the_teachers_and_earlier_ones_count():
    mine, taught, old = pairs(3, seed=1), pairs(3, seed=2), pairs(4, seed=3)
    cache = cache_of((old, distinct(4, first=10)))

    loss = taught_contrast(mine, taught, distinct(3), cache, SCALE, 0.0, 0.0)

    there = (SCALE * mine[0] @ torch.cat([taught[1], old[1]]).T).log_softmax(1).diagonal()
    back = (SCALE * mine[1] @ torch.cat([taught[0], old[0]]).T).log_softmax(1).diagonal()
    assert loss == pytest.approx(-(there + back).mean() / 2)


def test_the_teachers_opinion_is_its_share_of_the_target():
    mine, taught = pairs(3, seed=1), pairs(3, seed=2)
    hard = taught_contrast(mine, taught, distinct(3), cache_of(), SCALE, 0.0, 0.0)

    loss = taught_contrast(mine, taught, distinct(3), cache_of(), SCALE, 0.0, 0.4)

    soft = 0.0
    for query, asked, keys in ((mine[0], taught[0], taught[1]), (mine[1], taught[1], taught[0])):
        logs, opinion = (SCALE * query @ keys.T).log_softmax(1), (SCALE * asked @ keys.T).softmax(1)
        soft -= (opinion * logs).sum(1).mean() / 2
    assert loss == pytest.approx(0.6 * hard + 0.4 * soft)


def test_an_earlier_pair_with_the_same_picture_or_text_is_no_negative():
    mine, taught, old = pairs(2, seed=1), pairs(2, seed=2), pairs(2, seed=3)
    known = distinct(2)
    known[1, 0] = 77  # another picture with the same text

    with_known = taught_contrast(mine, taught, distinct(2), cache_of((old, known)), SCALE, 0.0, 0.0)
    with_new = taught_contrast(mine, taught, distinct(2), cache_of((old, distinct(2, first=10))), SCALE, 0.0, 0.0)

    there = (SCALE * mine[0] @ torch.cat([taught[1], old[1]]).T)[[0, 1]]
    there[0, 2] = there[1, 3] = -torch.inf
    back = (SCALE * mine[1] @ torch.cat([taught[0], old[0]]).T)[[0, 1]]
    back[0, 2] = back[1, 3] = -torch.inf
    by_hand = -(there.log_softmax(1).diagonal() + back.log_softmax(1).diagonal()).mean() / 2
    assert with_known == pytest.approx(by_hand)
    assert with_new > with_known


def test_the_cache_takes_the_batch_in_and_forgets_the_oldest():
    mine, taught, old = pairs(3, seed=1), pairs(3, seed=2), pairs(4, seed=3)
    cache = cache_of((old, distinct(4, first=10)), size=5)

    taught_contrast(mine, taught, distinct(3), cache, SCALE, 0.0, 0.0)

    assert torch.equal(cache.image, torch.cat([taught[0], old[0][:2]]))
    assert torch.equal(cache.text, torch.cat([taught[1], old[1][:2]]))
    assert cache.ids[:, 0].tolist() == [0, 1, 2, 10, 11]


def test_a_restored_cache_is_the_same():
    first, second = cache_of((pairs(3, seed=1), distinct(3))), cache_of()

    second.restore(first.state())

    assert torch.equal(second.image, first.image)
    assert torch.equal(second.ids, first.ids)
