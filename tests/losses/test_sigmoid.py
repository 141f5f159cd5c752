import math

import pytest
import torch
from torch.nn.functional import normalize

from mmsearch.losses.sigmoid import sigmoid_loss


@pytest.mark.parametrize("n", [1, 2, 5])
def test_equals_its_definition(n):
    generator = torch.Generator().manual_seed(n)
    image, text = (normalize(torch.randn(n, 4, generator=generator), dim=1) for _ in range(2))
    total = 0.0
    for i in range(n):
        for j in range(n):
            sign = 1 if i == j else -1
            total += math.log(1 + math.exp(-sign * (7.0 * float(image[i] @ text[j]) - 2.0)))

    assert sigmoid_loss(image, text, 7.0, -2.0).item() == pytest.approx(total / n, rel=1e-5)


def test_swapping_images_and_texts_changes_nothing():
    image, text = torch.eye(4), normalize(torch.ones(4, 4) + torch.eye(4), dim=1)

    assert sigmoid_loss(image, text, 5.0, -1.0) == pytest.approx(sigmoid_loss(text, image, 5.0, -1.0))
