import pytest
import torch

from mmsearch.nets.heads import Head


@pytest.mark.parametrize(("inside", "outside", "hidden"), [(1, 1, 1), (5, 3, 2)])
def test_is_a_linear_map_plus_a_two_layer_residual_to_unit_length(inside, outside, hidden):
    torch.manual_seed(0)
    head = Head(inside, outside, hidden).eval()
    head.mean.fill_(0.5)
    head.deviation.fill_(2.0)
    features = torch.randn(4, inside)

    with torch.no_grad():
        found = head(features)
        x = (features - 0.5) / 2
        linear = x @ head.linear.weight.T + head.linear.bias
        residual = torch.nn.functional.gelu(x @ head.widen.weight.T + head.widen.bias) @ head.narrow.weight.T
        expected = linear + residual + head.narrow.bias

    assert torch.allclose(found, expected / expected.norm(dim=1, keepdim=True), atol=1e-6)
