import pytest
import torch

from mmsearch.nets.convolution import SameConv
from mmsearch.nets.efficientnet_lite import FEATURES, VARIANTS, EfficientNetLite

TAKES_BFLOAT16 = torch.ops.mkldnn._is_mkldnn_bf16_supported()


@pytest.mark.parametrize(("variant", "published"), [("lite0", 4_652_008), ("lite1", 5_416_680), ("lite2", 6_092_072)])
def test_each_variant_is_as_large_as_published(variant, published):
    """The published count has a gain and a bias for each channel, and the classifier."""
    shape = VARIANTS[variant]
    with torch.device("meta"):
        network = EfficientNetLite(shape.width, shape.depth)

    gains = sum(conv.bias.numel() for conv in network.modules() if isinstance(conv, SameConv))
    classifier = 1000 * (FEATURES + 1)
    assert sum(p.numel() for p in network.parameters()) + gains + classifier == published


@pytest.mark.parametrize(("side", "cells"), [(32, 1), (33, 2), (64, 2)])
def test_the_feature_is_the_mean_of_the_grid(side, cells):
    torch.manual_seed(0)
    network = EfficientNetLite(0.1, 0.1).eval()
    pixels = torch.rand(2, 3, side, side) * 2 - 1

    with torch.no_grad():
        grid, feature = network.grid(pixels), network(pixels)

    assert grid.shape == (2, 1280, cells, cells)
    assert torch.allclose(feature, torch.nn.functional.adaptive_avg_pool2d(grid, 1).flatten(1), atol=1e-6)


@pytest.mark.parametrize(
    "dtype",
    [
        torch.float32,
        pytest.param(
            torch.bfloat16,
            marks=pytest.mark.skipif(not TAKES_BFLOAT16, reason="oneDNN takes no bfloat16 on this processor"),
        ),
    ],
)
@pytest.mark.parametrize(
    ("size", "kernel", "stride", "groups"), [(1, 1, 1, 1), (8, 3, 2, 1), (9, 5, 2, 6), (8, 3, 1, 6)]
)
def test_clipping_inside_the_convolution_gives_what_clipping_after_it_gives(dtype, size, kernel, stride, groups):
    torch.manual_seed(0)
    conv = SameConv(6, 12, kernel, stride, groups=groups).to(dtype).to(memory_format=torch.channels_last)
    x = (8 * torch.randn(2, 6, size, size)).to(dtype).to(memory_format=torch.channels_last)

    with torch.inference_mode():
        fused = conv.clipped(x)
        plain = torch.nn.functional.relu6(conv(x))

    assert fused.min() >= 0
    assert fused.max() <= 6
    assert torch.allclose(fused.float(), plain.float(), atol=1e-5 if dtype == torch.float32 else 0.04)


def test_gradients_flow_through_the_clipping():
    network = EfficientNetLite(0.1, 0.1)

    network(torch.rand(1, 3, 33, 33)).sum().backward()

    assert network.stem.weight.grad.isfinite().all()
