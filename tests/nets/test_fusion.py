import torch

from mmsearch.nets.fusion import CrossAttention, FusionEncoder, PictureTokens
from mmsearch.nets.text_tower import BertTower
from tests.nets.tiny import tiny_shape

TEXT = tiny_shape().text


def test_an_untrained_encoder_reads_a_text_as_the_tower_does():
    torch.manual_seed(0)
    tower = BertTower(TEXT).eval()
    fusion = FusionEncoder(TEXT, 1, 6).eval()
    ids, mask = torch.randint(4, 20, (3, 7)), torch.arange(7) < torch.tensor([[7], [4], [5]])

    fusion.start_from(tower)
    below = tower.through(tower.embeddings(ids), mask, 0, 1)

    with torch.no_grad():
        assert torch.equal(fusion(below, mask, None), tower.tokens(ids, mask))
        assert torch.equal(fusion(below, mask, torch.randn(3, 4, 6)), tower.tokens(ids, mask))


def test_cross_attention_is_what_its_weights_say():
    torch.manual_seed(1)
    look = CrossAttention(TEXT, 6).eval()
    torch.nn.init.normal_(look.output.weight)
    x, tokens = torch.randn(2, 5, TEXT.hidden_size), torch.randn(2, 4, 6)

    with torch.no_grad():
        weights = look.attention(x, tokens)
        values = look._split(look.value(tokens))
        by_hand = x + look.output((weights @ values).transpose(1, 2).flatten(2))

        assert torch.allclose(look(x, tokens), by_hand, atol=1e-5)
    assert torch.allclose(weights.sum(-1), torch.ones(2, TEXT.num_attention_heads, 5))


def test_tokens_know_their_place():
    torch.manual_seed(2)
    tokens = PictureTokens(10, 6, 3).eval()
    cells = torch.ones(1, 10, 3, 3)

    with torch.no_grad():
        found = tokens(cells)

    assert found.shape == (1, 9, 6)
    assert (found[0, :1] - found[0, 1:]).abs().amax(1).min() > 1e-3


def test_a_picture_of_another_size_gets_places_in_between():
    tokens = PictureTokens(10, 6, 3).eval()

    with torch.no_grad():
        assert tokens(torch.ones(2, 10, 2, 4)).shape == (2, 8, 6)
