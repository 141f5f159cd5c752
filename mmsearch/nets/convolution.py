"""Convolutions padded as TensorFlow does, quick to use and quick to train on a CPU."""

from math import ceil
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable
from torch.nn import functional as F  # noqa: N812 -- the name everybody knows

_SMALL = 3  # kernels up to this width have a quick weight gradient in oneDNN; wider ones are put together from these


class SameConv(nn.Conv2d):
    """A convolution whose output is ceil(input / stride) wide, padded as TensorFlow does.

    Where the padding is odd, the extra row and column go right and below; `nn.Conv2d` alone cannot say that.
    Kernels are square, strides equal both ways, and groups are one or one for each channel.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, C', ceil(H / stride), ceil(W / stride))."""
        return self._convolved(x, clip=False)

    def clipped(self, x: Tensor) -> Tensor:
        """Return ReLU6 of `forward`."""
        return self._convolved(x, clip=True)

    def _padded(self, x: Tensor) -> tuple[Tensor, list[int]]:
        """Return the input, padded where that is odd, and the padding left to the convolution."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        rows, columns = (max((ceil(n / stride) - 1) * stride + kernel - n, 0) for n in x.shape[-2:])
        if rows % 2 or columns % 2:
            return F.pad(x, (columns // 2, columns - columns // 2, rows // 2, rows - rows // 2)), [0, 0]
        return x, [rows // 2, columns // 2]

    def _convolved(self, x: Tensor, clip: bool) -> Tensor:
        x, padding = self._padded(x)
        if x.device.type == "cpu" and torch.backends.mkldnn.is_available():  # type: ignore[no-untyped-call]
            result: Tensor = _Convolution.apply(x, self.weight, self.bias, self.stride[0], padding, self.groups, clip)  # type: ignore[no-untyped-call]
            return result
        result = F.conv2d(x, self.weight, self.bias, self.stride, padding, 1, self.groups)
        return F.relu6(result, inplace=True) if clip else result


class _Convolution(torch.autograd.Function):
    """A convolution and, if asked for, ReLU6, for a CPU.

    Clipping by itself reads and writes every value again and takes 40 % of the time of a pass, so oneDNN is asked to
    do it while the values are at hand, by the operator that torch's own compiler uses. The gradients of depthwise
    kernels are worked out in ways that oneDNN is quick at, which makes a training step two to three times as fast.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401 -- autograd's own
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        stride: int,
        padding: list[int],
        groups: int,
        clip: bool,
    ) -> Tensor:
        if clip:
            out: Tensor = torch.ops.mkldnn._convolution_pointwise(
                x, weight, bias, padding, [stride, stride], [1, 1], groups, "hardtanh", [0.0, 6.0], ""
            )
        else:
            out = F.conv2d(x, weight, bias, stride, padding, 1, groups)
        ctx.save_for_backward(x, weight, out if clip else None)
        ctx.stride, ctx.padding, ctx.groups = stride, padding, groups
        return out

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401 -- autograd's own
        x, weight, out = ctx.saved_tensors
        if out is not None:
            grad = torch.ops.aten.hardtanh_backward(grad, out, 0.0, 6.0)
        if ctx.groups == 1:
            wanted = [ctx.needs_input_grad[0], ctx.needs_input_grad[1], ctx.needs_input_grad[2]]
            grads = _backward(grad, x, weight, ctx.stride, ctx.padding, 1, wanted)
        else:
            grads = (
                _input_gradient(grad, x, weight, ctx.stride, ctx.padding) if ctx.needs_input_grad[0] else None,
                _weight_gradient(grad, x, weight, ctx.stride, ctx.padding) if ctx.needs_input_grad[1] else None,
                grad.sum((0, 2, 3)) if ctx.needs_input_grad[2] else None,
            )
        return (*grads, None, None, None, None)


def _backward(
    grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: list[int], groups: int, wanted: list[bool]
) -> tuple[Tensor | None, Tensor | None, Tensor | None]:
    """Return the gradients of input, weight and bias that are wanted, as torch works them out."""
    grads: tuple[Tensor | None, Tensor | None, Tensor | None] = torch.ops.aten.convolution_backward(
        grad, x, weight, [len(weight)], [stride, stride], padding, [1, 1], False, [0, 0], groups, wanted
    )
    return grads


def _input_gradient(grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: list[int]) -> Tensor:
    """Return the gradient of a depthwise convolution's input: another one, of the turned kernel."""
    kernel = weight.shape[-1]
    if stride > 1:  # zeros between the values make it a convolution of stride one
        rows, columns = (n + 2 * p - kernel + 1 for n, p in zip(x.shape[-2:], padding, strict=True))
        apart = grad.new_zeros(len(grad), rows, columns, grad.shape[1]).permute(0, 3, 1, 2)
        apart[:, :, ::stride, ::stride] = grad
        grad = apart
    margin = [kernel - 1 - p for p in padding]
    return F.conv2d(grad, weight.flip(2, 3), None, 1, margin, 1, len(weight))


def _weight_gradient(grad: Tensor, x: Tensor, weight: Tensor, stride: int, padding: list[int]) -> Tensor:
    """Return the gradient of a depthwise kernel, (C, 1, k, k), one corner after another where it is wide."""
    kernel = weight.shape[-1]
    if kernel <= _SMALL:
        whole = _backward(grad, x, weight, stride, padding, len(weight), [False, True, False])[1]
        assert whole is not None  # noqa: S101 -- it was wanted
        return whole
    result, corner = torch.empty_like(weight), weight[:, :, :_SMALL, :_SMALL].contiguous()
    x = F.pad(x, (padding[1], padding[1], padding[0], padding[0]))
    rows, columns = ((n - 1) * stride + _SMALL for n in grad.shape[-2:])
    starts = sorted({*range(0, kernel - _SMALL, _SMALL), kernel - _SMALL})
    for top in starts:
        for left in starts:
            seen = x[:, :, top : top + rows, left : left + columns].contiguous(memory_format=torch.channels_last)
            part = _weight_gradient(grad, seen, corner, stride, [0, 0])
            result[:, :, top : top + _SMALL, left : left + _SMALL] = part
    return result
