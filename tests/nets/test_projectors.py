import pytest
import torch

from mmsearch.nets.projectors import Projector, perceptron


def test_without_a_residual_it_is_a_linear_map_of_standardised_features():
    features = torch.randn(50, 3) * torch.tensor([1.0, 10.0, 0.1]) + torch.tensor([5.0, 0.0, -2.0])
    projector = Projector(3, 2, 0)
    projector.set_standard(features)
    standard = (features - features.mean(0)) / features.std(0, correction=0)

    expected = standard @ projector.linear.weight.T + projector.linear.bias

    assert projector(features).detach().numpy() == pytest.approx(expected.detach().numpy(), abs=1e-4)


def test_a_constant_column_is_only_shifted():
    projector = Projector(2, 2, 4)

    projector.set_standard(torch.tensor([[7.0, 1.0], [7.0, 3.0]]))

    assert projector.standardise(torch.tensor([[7.0, 1.0], [8.0, 2.0]])).tolist() == [[0.0, -1.0], [1.0, 0.0]]


def test_dropout_works_in_training_alone():
    torch.manual_seed(0)
    projector, features = Projector(8, 4, 16, dropout=0.5), torch.randn(5, 8)

    assert not torch.equal(projector.train()(features), projector(features))
    assert torch.equal(projector.eval()(features), projector(features))


def test_a_perceptron_ends_in_a_linear_layer_so_it_can_give_any_sign():
    layers = list(perceptron(3, 5, 2))

    assert [type(layer).__name__ for layer in layers] == ["Linear", "GELU", "Dropout", "Linear"]
    assert (perceptron(3, 5, 2)(torch.randn(200, 3)) < 0).any()
