from dataclasses import replace

import pytest
import torch

from mmsearch.training.batches import Batch, Caption
from mmsearch.training.objectives import Objectives, ObjectiveSettings, PairCache, chunks
from tests.training.tiny_matcher import Squares, tiny_matcher


@pytest.fixture(scope="module")
def network():
    return tiny_matcher().requires_grad_(False)


def objectives(network, **settings):
    return Objectives(
        network, torch.tensor(2.0), replace(ObjectiveSettings(), **settings), torch.Generator().manual_seed(0)
    )


def test_every_text_is_read_once_and_marked_words_are_its_tokens(network):
    batch = Squares().batch(0)

    parts = list(chunks(network, batch))

    assert sorted(row for part in parts for row in part.rows.tolist()) == list(range(8))
    for part in parts:
        for place, row in enumerate(part.rows.tolist()):
            caption = batch.captions[row]
            marked = network.dual.tokenizer.decode(part.ids[place][part.marked[place]].tolist())
            assert marked.replace("▁", "").replace(" ", "") == (caption.text.split()[1] if caption.marks else "")
            assert not (part.marked[place] & ~part.words[place]).any()


def test_the_prefix_and_the_ends_are_never_hidden(network):
    batch = Batch(torch.zeros(1, 3, 33, 33, dtype=torch.uint8), torch.tensor([0]), (Caption("a cat", 0),))

    (part,) = chunks(network, batch)

    words = network.dual.tokenizer.decode(part.ids[0][part.words[0]].tolist())
    assert words.replace("▁", "").replace(" ", "") == "acat"


def test_no_drawn_negative_is_a_match(network):
    """Two pictures share a caption, so neither may be the other's negative for it."""
    captions = (Caption("same", 0), Caption("same", 1), Caption("other", 2), Caption("false", 2, true=False))
    ids = torch.tensor([1, 1, 2, 3])
    owner = torch.tensor([caption.owner for caption in captions])
    true = torch.tensor([caption.true for caption in captions])
    drawn = objectives(network, negatives=1.0)

    for step in range(50):
        pairs = drawn._pairs(torch.randn(3, 4), torch.randn(4, 4), owner, true, ids, step)

        matched = {(text, picture) for text, picture, label in pairs.tolist() if label}
        unmatched = {(text, picture) for text, picture, label in pairs.tolist() if not label}
        assert matched == {(0, 0), (1, 1), (2, 2)}
        assert (3, 2) in unmatched
        assert not unmatched & {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)}


def test_pairs_of_earlier_batches_are_negatives_until_they_are_forgotten(network):
    cache = PairCache(6, network.dual.shape.dim, torch.device("cpu"))
    contrast = objectives(network, itm=0.0, mlm=0.0, smoothing=0.0)

    first = contrast.losses(Squares().batch(0), cache, 0)["itc"]
    full = [len(cache.ids), contrast.losses(Squares().batch(1), cache, 1)["itc"], len(cache.ids)]

    assert full[0] == 4
    assert full[2] == 6
    assert first.isfinite()
    assert full[1].isfinite()


def test_an_old_pair_with_the_same_caption_is_no_negative(network):
    """The same colours come again, so everything in the cache is known and the loss stays as it was."""
    contrast = objectives(network, itm=0.0, mlm=0.0, smoothing=0.0)
    fresh, known = (PairCache(16, network.dual.shape.dim, torch.device("cpu")) for _ in range(2))
    batch = Squares().batch(0)

    alone = contrast.losses(batch, fresh, 0)["itc"]
    contrast.losses(batch, known, 0)
    again = contrast.losses(batch, known, 1)["itc"]

    mine = {tuple(row) for row in known.ids.tolist()}
    assert len(mine) == 4
    assert again > alone  # the three other colours count as negatives a second time, the own pair does not
