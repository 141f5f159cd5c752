from dataclasses import replace

import pytest
import torch

from mmsearch.scenes.truth import Box
from mmsearch.training.batches import Batch, Caption, ClassBeliefs, Place
from mmsearch.training.contrast import PairCache
from mmsearch.training.grounding import covered
from mmsearch.training.objectives import Objectives, ObjectiveSettings
from mmsearch.training.perceiving import chunks, joined, perceived
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

    parts = list(chunks(network, batch.captions))

    assert sorted(row for part in parts for row in part.rows.tolist()) == list(range(8))
    for part in parts:
        for place, row in enumerate(part.rows.tolist()):
            caption = batch.captions[row]
            marked = network.dual.tokenizer.decode(part.ids[place][part.marked[place]].tolist())
            assert marked.replace("▁", "").replace(" ", "") == (caption.text.split()[1] if caption.marks else "")
            assert not (part.marked[place] & ~part.words[place]).any()


def test_the_prefix_and_the_ends_are_never_hidden(network):
    (part,) = chunks(network, [Caption("a cat", 0)])

    words = network.dual.tokenizer.decode(part.ids[0][part.words[0]].tolist())
    assert words.replace("▁", "").replace(" ", "") == "acat"


def test_no_drawn_negative_is_a_match(network):
    """Two pictures share a caption, so neither may be the other's negative for it."""
    captions = (Caption("same", 0), Caption("same", 1), Caption("other", 2), Caption("false", 2, true=False))
    batch = Batch(torch.zeros(3, 3, 33, 33, dtype=torch.uint8), torch.arange(3), captions)
    seen = perceived(network, batch)
    drawn = objectives(network, negatives=1.0)

    for step in range(50):
        pairs = drawn._pairs(replace(seen, image=torch.randn(3, 4), text=torch.randn(4, 4)), step)

        matched = {(text, picture) for text, picture, label in pairs.tolist() if label}
        unmatched = {(text, picture) for text, picture, label in pairs.tolist() if not label}
        assert matched == {(0, 0), (1, 1), (2, 2)}
        assert (3, 2) in unmatched
        assert not unmatched & {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)}


def test_no_drawn_negative_may_be_a_match_either(network):
    captions = (Caption("a dog", 0, others=(1,)), Caption("a black dog", 1), Caption("other", 2))
    seen = perceived(network, Batch(torch.zeros(3, 3, 33, 33, dtype=torch.uint8), torch.arange(3), captions))
    drawn, unmatched = objectives(network, negatives=1.0), set()

    for step in range(50):
        pairs = drawn._pairs(replace(seen, image=torch.randn(3, 4), text=torch.randn(3, 4)), step)
        unmatched |= {(text, picture) for text, picture, label in pairs.tolist() if not label}

    assert unmatched == {(0, 2), (1, 0), (1, 2), (2, 0), (2, 1)}


def test_a_batch_without_foils_is_contrasted_with_what_the_teacher_says(network):
    contrast = Objectives(
        network,
        torch.tensor(2.0),
        replace(ObjectiveSettings(), itm=0.0, mlm=0.0),
        torch.Generator(),
        tiny_matcher(5).dual.requires_grad_(False),
    )
    cache, foiled = PairCache(6, network.dual.shape.dim, torch.device("cpu")), Squares().batch(0)
    batch = replace(foiled, captions=tuple(caption for caption in foiled.captions if caption.true))

    contrast.losses(foiled, cache, 0)
    without = len(cache.ids)
    contrast.losses(batch, cache, 0)

    taught = contrast.teacher.encode_pixels(batch.pixels)
    assert without == 0
    assert torch.allclose(cache.image, taught[[caption.owner for caption in batch.captions]], atol=1e-6)


def test_chunks_are_joined_text_by_text(network):
    short, long = (next(chunks(network, [Caption(text, 0)])) for text in ("cat", "a black cat on a mat"))

    both = joined([short, long.only(torch.tensor([False])), long])

    assert both.ids.shape == (2, long.ids.shape[1])
    assert both.ids[0][both.mask[0]].tolist() == short.ids[0][short.mask[0]].tolist()
    assert both.ids[1].tolist() == long.ids[0].tolist()
    assert not both.words[0][~both.mask[0]].any()


def test_texts_are_padded_to_one_of_few_lengths(network):
    (chunk,) = chunks(network, [Caption("a black cat on a mat", 0), Caption("cat", 1)])

    assert chunk.ids.shape[1] % 4 == 0
    assert 0 <= chunk.ids.shape[1] - int(chunk.mask.sum(1).max()) < 4


def test_class_names_are_believed_in_as_much_as_the_classifier_does(network):
    """The loss is the divergence by hand, and smallest where a picture resembles its class most."""
    learnt = objectives(network, itc=0.0, itm=0.0, mlm=0.0)
    squares = Squares().batch(0)
    names, beliefs = ("red", "green", "blue"), torch.eye(3)[[0, 1, 2, 0]] * 0.97 + 0.01
    batch = Batch(squares.pixels, squares.picture_ids, squares.captions, ClassBeliefs(names, beliefs))
    image, _ = network.look(batch.pixels)
    text, _ = network.read(*network.dual.tokens(names))
    logs = (torch.tensor(2.0).exp() * image @ text.T).log_softmax(1)

    loss = learnt.losses(batch, PairCache(4, network.dual.shape.dim, torch.device("cpu")), 0)["classes"]

    assert loss.item() == pytest.approx((beliefs * (beliefs.log() - logs)).sum(1).mean().item(), abs=1e-5)


def test_contrast_may_be_alone_at_first(network):
    learnt, cache = objectives(network, alone=3), PairCache(8, network.dual.shape.dim, torch.device("cpu"))

    early, late = (learnt.losses(Squares().batch(step), cache, step).keys() for step in (2, 3))

    assert early == {"itc"}
    assert late == {"itc", "itm", "ranking", "mlm"}


def test_foils_are_ranked_apart_from_drawn_negatives(network):
    """In the mean of both, what only foils teach would drown in what any other picture teaches."""
    batch, cache = Squares().batch(0), PairCache(0, network.dual.shape.dim, torch.device("cpu"))
    true = replace(batch, captions=tuple(each for each in batch.captions if each.true))

    both = objectives(network, itc=0.0, mlm=0.0, drawn=1.0).losses(batch, cache, 0)
    without_foils = objectives(network, itc=0.0, mlm=0.0, drawn=1.0).losses(true, cache, 0)

    assert both.keys() == {"itm", "ranking", "drawn"}
    assert without_foils.keys() == {"itm", "drawn"}


def test_without_hidden_words_there_is_nothing_to_guess(network):
    learnt = objectives(network, itc=0.0, itm=0.0, read=0.0)

    found = learnt.losses(Squares().batch(0), PairCache(8, network.dual.shape.dim, torch.device("cpu")), 0)

    assert found["mlm"] == 0


def test_only_batches_that_tell_where_things_are_teach_to_look(network):
    batch, cache = Squares().batch(0), PairCache(0, network.dual.shape.dim, torch.device("cpu"))
    box = Box(0.0, 0.0, 0.5, 0.5)
    captions = tuple(
        replace(each, places=tuple(Place(start, end, (box,)) for start, end in each.marks)) for each in batch.captions
    )
    learnt = objectives(network)

    told = learnt.losses(replace(batch, captions=captions), cache, 0)

    side = round(network.look(batch.pixels)[1].shape[1] ** 0.5)
    even = covered([[box]], side * side).float().mean()
    assert told["places"].item() == pytest.approx(-even.log().item(), abs=0.5)
    assert told["centres"].isfinite()
    assert not {"places", "centres"} & learnt.losses(batch, cache, 0).keys()


def test_places_are_given_to_the_tokens_of_their_words(network):
    box = Box(0.0, 0.0, 0.5, 0.5)
    captions = [
        Caption("a cat", 0, places=(Place(2, 5, (box,)),)),
        Caption("a cat and a dog", 0, places=(Place(2, 5, (box,)), Place(12, 15, (box,)))),
    ]

    said = {}
    for part in chunks(network, captions):
        for row, ids, places in zip(part.rows.tolist(), part.ids, part.places, strict=True):
            for number in set(places.tolist()) - {-1}:
                words = network.dual.tokenizer.decode(ids[places == number].tolist())
                said[row, number] = words.replace("▁", "").replace(" ", "")

    assert said == {(0, 0): "cat", (1, 1): "cat", (1, 2): "dog"}
