import math

import pytest
import torch
from torch.nn.functional import normalize

from mmsearch.losses.classes import class_contrast
from mmsearch.losses.contrastive import contrastive_loss


def codes(n, seed):
    return normalize(torch.randn(n, 4, generator=torch.Generator().manual_seed(seed)), dim=1)


@pytest.mark.parametrize("labels", [[0], [0, 0], [0, 1, 0, 2, 1, 0]])
def test_equals_its_definition(labels):
    n = len(labels)
    image, text = codes(n, 1), codes(n, 2)
    total = 0.0
    for left, right in ((image, text), (text, image)):
        for i in range(n):
            same = [j for j in range(n) if labels[j] == labels[i]]
            below = sum(math.exp(3.0 * float(left[i] @ right[j])) for j in range(n))
            total -= sum(math.log(math.exp(3.0 * float(left[i] @ right[j])) / below) for j in same) / len(same)

    assert class_contrast(image, text, 3.0, torch.tensor(labels)).item() == pytest.approx(total / (2 * n), abs=1e-5)


def test_with_a_class_for_each_pair_it_is_infonce():
    image, text = codes(6, 1), codes(6, 2)

    assert class_contrast(image, text, 3.0, torch.arange(6)) == pytest.approx(contrastive_loss(image, text, 3.0))
