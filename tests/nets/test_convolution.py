import pytest
import torch
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

from mmsearch.nets.convolution import SameConv


def same_padded_by_hand(x, weight, stride):
    """TensorFlow's SAME, one output at a time: the odd row and column of padding lie right and below."""
    kernel, size = weight.shape[-1], x.shape[-1]
    out = -(-size // stride)
    before = max((out - 1) * stride + kernel - size, 0) // 2
    result = torch.zeros(x.shape[0], weight.shape[0], out, out)
    for i in range(out):
        for j in range(out):
            for a in range(kernel):
                for b in range(kernel):
                    row, column = i * stride + a - before, j * stride + b - before
                    if 0 <= row < size and 0 <= column < size:
                        result[:, :, i, j] += x[:, :, row, column] @ weight[:, :, a, b].T
    return result


@pytest.mark.parametrize("size", [1, 2, 5, 8])
@pytest.mark.parametrize("kernel", [1, 3, 5])
@pytest.mark.parametrize("stride", [1, 2])
def test_a_convolution_pads_as_tensorflow_does(size, kernel, stride):
    generator = torch.Generator().manual_seed(size)
    x = torch.randn(2, 3, size, size, generator=generator)
    conv = SameConv(3, 4, kernel, stride, bias=False)

    with torch.no_grad():
        found = conv(x)

    assert torch.allclose(found, same_padded_by_hand(x, conv.weight.detach(), stride), atol=1e-5)


def plain(conv, x, clip):
    """The same convolution by torch alone."""
    padded, padding = conv._padded(x)
    result = F.conv2d(padded, conv.weight, conv.bias, conv.stride, padding, 1, conv.groups)
    return F.relu6(result) if clip else result


@pytest.mark.parametrize("clip", [False, True])
@pytest.mark.parametrize("groups", [1, 6])
@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (3, 2), (5, 1), (5, 2), (7, 2)])
@pytest.mark.parametrize("size", [7, 8])
def test_the_gradients_are_those_of_a_plain_convolution(size, kernel, stride, groups, clip):
    torch.manual_seed(size)
    conv = SameConv(6, 6, kernel, stride, groups=groups)
    x = (torch.randn(2, 6, size, size) * 4).to(memory_format=torch.channels_last).requires_grad_()
    wanted = (x, conv.weight, conv.bias)

    ours = (conv.clipped(x) if clip else conv(x)).square().sum()
    theirs = plain(conv, x, clip).square().sum()

    assert torch.allclose(ours, theirs, rtol=1e-5)
    for found, expected in zip(torch.autograd.grad(ours, wanted), torch.autograd.grad(theirs, wanted), strict=True):
        assert torch.allclose(found, expected, rtol=1e-4, atol=1e-3)


def test_a_frozen_kernel_gets_no_gradient():
    conv = SameConv(4, 4, 5, groups=4).requires_grad_(False)
    x = torch.randn(1, 4, 6, 6, requires_grad=True)

    conv(x).sum().backward()

    assert x.grad is not None
    assert conv.weight.grad is None
