import pytest
import torch

from mmsearch.nets.rows8 import decode_rows, encode_rows
from mmsearch.nets.text_tower import BertTower, RowEmbedding, TextShape

SHAPE = TextShape(
    vocab_size=50,
    hidden_size=24,
    num_hidden_layers=3,
    num_attention_heads=4,
    intermediate_size=40,
    max_position_embeddings=20,
)


@pytest.fixture(scope="module")
def bert():
    from dataclasses import asdict

    from transformers import BertConfig, BertModel

    torch.manual_seed(0)
    return BertModel(BertConfig(**asdict(SHAPE)), add_pooling_layer=False).eval()


@pytest.mark.parametrize("lengths", [[1], [7], [1, 5], [20, 3, 9]])
def test_gives_the_numbers_of_transformers_bert_model(bert, lengths):
    tower = BertTower(SHAPE).eval()
    tower.load_state_dict(bert.state_dict())
    ids = torch.randint(0, 50, (len(lengths), max(lengths)), generator=torch.Generator().manual_seed(1))
    mask = torch.arange(max(lengths)) < torch.tensor(lengths)[:, None]

    with torch.no_grad():
        expected = bert(input_ids=ids, attention_mask=mask.long()).last_hidden_state
        found, mean = tower.tokens(ids, mask), tower(ids, mask)

    assert torch.allclose(found[mask], expected[mask], atol=1e-5)
    assert torch.allclose(mean[0], expected[0, : lengths[0]].mean(0), atol=1e-5)


def test_it_reads_alike_while_it_learns():
    tower, ids = BertTower(SHAPE), torch.randint(3, 50, (3, 6))
    mask = torch.arange(6) < torch.tensor([[6], [2], [4]])

    learning = tower(ids, mask)
    with torch.no_grad():
        using = tower(ids, mask)

    assert learning.requires_grad
    assert torch.allclose(learning, using, atol=1e-5)


def test_its_weights_fit_bert_model(bert):
    bert.load_state_dict(BertTower(SHAPE).state_dict())  # strict: raises on any difference


def test_an_8_bit_table_gives_the_decoded_rows():
    rows, scale = encode_rows(torch.randn(5, 6, generator=torch.Generator().manual_seed(2)))

    found = RowEmbedding(rows, scale)(torch.tensor([[4, 0], [1, 1]]))

    assert torch.equal(found, decode_rows(rows, scale)[torch.tensor([[4, 0], [1, 1]])])
