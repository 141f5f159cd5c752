import pytest
import torch

from mmsearch.nets.dual_network import checksums, load_network, save_network
from mmsearch.nets.matcher_network import MASK, MatcherNetwork, MatcherShape, belongs_to, load_matcher, save_matcher
from mmsearch.nets.pictures import normalised
from tests.nets.tiny import tiny_network

TEXTS = ["a red cat", "two dogs and a hat"]


@pytest.fixture(scope="module")
def matcher():
    torch.manual_seed(3)
    network = MatcherNetwork(tiny_network(), MatcherShape(start=1, layers=1, width=6, grid=2))
    network.fusion.start_from(network.dual.text)
    for look in network.fusion.look:
        torch.nn.init.normal_(look.output.weight)
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def pixels():
    return torch.randint(0, 255, (2, 3, 33, 33), generator=torch.Generator().manual_seed(0)).to(torch.uint8)


def test_its_vectors_are_the_encoders(matcher, pixels):
    ids, mask = matcher.dual.tokens(TEXTS)

    image, tokens = matcher.look(pixels)
    text, hidden = matcher.read(ids, mask)

    assert torch.allclose(image, matcher.dual.encode_pixels(pixels), atol=1e-6)
    assert torch.equal(text, matcher.dual.encode_tokens(ids, mask))
    assert torch.equal(hidden, matcher.below(ids, mask))
    assert tokens.shape == (2, 4, 6)


def test_a_cell_holds_its_features_and_its_place_in_the_space_that_texts_share(matcher, pixels):
    with torch.no_grad():
        _, cells = matcher.perceive(pixels)
        features = matcher.dual.image.grid(normalised(pixels, torch.float32))
    shared = matcher.dual.image_head(features.permute(0, 2, 3, 1))  # (B, rows, columns, dim)
    dim = matcher.dual.shape.dim

    assert torch.allclose(cells[:, :-dim], features, atol=1e-5)
    assert torch.allclose(cells[:, -dim:].permute(0, 2, 3, 1), shared * dim**0.5, atol=1e-4)


def test_a_larger_map_is_averaged_down_to_the_most_that_is_kept(matcher):
    pixels = torch.randint(0, 255, (1, 3, 128, 128), generator=torch.Generator().manual_seed(1)).to(torch.uint8)

    with torch.no_grad():
        features = matcher.dual.image.grid(normalised(pixels, torch.float32))  # (1, C, 4, 4)
        _, cells = matcher.perceive(pixels)
    by_hand = features.unflatten(3, (2, 2)).unflatten(2, (2, 2)).mean((3, 5))

    assert torch.allclose(cells[:, : features.shape[1]], by_hand, atol=1e-5)


def test_the_picture_decides(matcher, pixels):
    ids, mask = matcher.dual.tokens(TEXTS)
    _, tokens = matcher.look(pixels)
    _, hidden = matcher.read(ids, mask)

    straight = matcher.judge(hidden, mask, matcher.fusion.see(tokens))
    crossed = matcher.judge(hidden, mask, matcher.fusion.see(tokens.flip(0)))

    assert (straight - crossed).abs().min() > 1e-4


def test_padding_does_not_change_a_score(matcher, pixels):
    _, tokens = matcher.look(pixels)
    ids, mask = matcher.dual.tokens(TEXTS)
    alone, only = matcher.dual.tokens(TEXTS[:1])

    together = matcher.judge(matcher.below(ids, mask), mask, matcher.fusion.see(tokens))[0]
    by_itself = matcher.judge(matcher.below(alone, only), only, matcher.fusion.see(tokens[:1]))[0]

    assert together.item() == pytest.approx(by_itself.item(), abs=1e-5)


def test_a_hidden_word_is_guessed_from_text_and_picture(matcher, pixels):
    ids, mask = matcher.dual.tokens(TEXTS)
    places = torch.zeros_like(mask)
    places[0, 3] = places[1, 4] = places[1, 5] = True
    hidden = matcher.below(ids.masked_fill(places, MASK), mask)
    seen = matcher.fusion.see(matcher.look(pixels)[1])

    seeing, blind = matcher.predict(hidden, mask, seen, places), matcher.predict(hidden, mask, None, places)

    assert seeing.shape == (3, matcher.dual.shape.text.vocab_size)
    assert not torch.allclose(seeing, blind)


def test_a_saved_matcher_holds_nothing_of_its_encoder_and_scores_alike(matcher, pixels, tmp_path):
    encoder, folder = tmp_path / "encoder", tmp_path / "matcher"
    encoder.mkdir()
    folder.mkdir()

    save_network(matcher.dual, encoder)
    save_matcher(matcher, folder, encoder)
    loaded = load_matcher(folder, load_network(encoder, torch.device("cpu"), torch.float32))

    ids, mask = matcher.dual.tokens(TEXTS)
    scores = [
        each.judge(each.below(ids, mask), mask, each.fusion.see(each.look(pixels)[1])) for each in (matcher, loaded)
    ]
    assert torch.allclose(*scores, atol=0.05)
    assert belongs_to(folder) == checksums(encoder)
    assert not (folder / "tokenizer.json").exists()


def test_weights_that_do_not_fit_are_refused(matcher, tmp_path):
    encoder, folder = tmp_path / "encoder", tmp_path / "matcher"
    encoder.mkdir()
    folder.mkdir()
    save_network(matcher.dual, encoder)
    save_matcher(matcher, folder, encoder)
    config = folder / "config.json"
    config.write_text(config.read_text().replace('"width": 6', '"width": 8'))

    with pytest.raises(RuntimeError, match="size mismatch"):
        load_matcher(folder, load_network(encoder, torch.device("cpu")))
