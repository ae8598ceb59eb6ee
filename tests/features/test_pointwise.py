"""1 x 1 convolutions as products."""

import torch
from torch import nn

from figbench.features.engines.pointwise import PointwiseConvolution, with_products
from figbench.features.networks.efficientnet_lite import EfficientNetLite0


def test_products_give_the_convolution():
    torch.manual_seed(0)
    for bias in (True, False):
        layer = nn.Conv2d(7, 5, 1, bias=bias).requires_grad_(False)
        maps = torch.randn(2, 7, 4, 6).to(memory_format=torch.channels_last)
        product = PointwiseConvolution(layer.weight, layer.bias)(maps)
        assert product.is_contiguous(memory_format=torch.channels_last)
        torch.testing.assert_close(product, layer(maps), rtol=1e-5, atol=1e-6)


def test_only_plain_pointwise_convolutions_are_replaced():
    others = [
        nn.Conv2d(4, 4, 3),
        nn.Conv2d(4, 4, 1, stride=2),
        nn.Conv2d(4, 4, 1, padding=1),
        nn.Conv2d(4, 4, 1, groups=2),
    ]
    network = nn.Sequential(*others, nn.Sequential(nn.Conv2d(4, 4, 1)))
    with_products(network)
    assert list(network[:4]) == others
    assert isinstance(network[4][0], PointwiseConvolution)


def test_efficientnet_uses_them_on_the_cpu():
    network = EfficientNetLite0("cpu", "float32").backbone
    left = [m for m in network.modules() if isinstance(m, nn.Conv2d) and m.kernel_size == (1, 1)]
    assert not left
    assert sum(isinstance(m, PointwiseConvolution) for m in network.modules()) == 32
