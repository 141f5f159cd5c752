import torch
from torch.nn.functional import scaled_dot_product_attention

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

    with torch.no_grad():
        below = tower.through(tower.embeddings(ids), mask, 0, 1)
        assert torch.equal(fusion(below, mask, None), tower.tokens(ids, mask))
        assert torch.equal(fusion(below, mask, fusion.see(torch.randn(3, 4, 6))), tower.tokens(ids, mask))


def test_cross_attention_is_what_its_weights_say():
    torch.manual_seed(1)
    look = CrossAttention(TEXT, 6).eval()
    torch.nn.init.normal_(look.output.weight)
    x, tokens = torch.randn(2, 5, TEXT.hidden_size), torch.randn(2, 4, 6)

    with torch.no_grad():
        found, weights = look(x, look.see(tokens))
        query, key, value = (
            look._split(each) for each in (look.query(look.norm(x)), look.key(tokens), look.value(tokens))
        )
        by_hand = x + look.output(scaled_dot_product_attention(query, key, value).transpose(1, 2).flatten(2))

        assert torch.allclose(found, by_hand, atol=1e-5)
    assert torch.allclose(weights.sum(-1), torch.ones(2, TEXT.num_attention_heads, 5))


def test_a_picture_may_be_seen_once_and_looked_at_by_several_texts():
    torch.manual_seed(3)
    look = CrossAttention(TEXT, 6).eval()
    torch.nn.init.normal_(look.output.weight)
    x, tokens, rows = torch.randn(3, 5, TEXT.hidden_size), torch.randn(2, 4, 6), torch.tensor([1, 0, 1])

    with torch.no_grad():
        once, each = look(x, look.see(tokens).of(rows))[0], look(x, look.see(tokens[rows]))[0]

    assert torch.allclose(once, each, atol=1e-6)


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
        assert tokens(torch.ones(2, 10, 2, 3)).shape == (2, 6, 6)
