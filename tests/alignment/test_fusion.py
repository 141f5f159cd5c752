import numpy as np
import pytest
from sklearn.base import clone

from mmsearch.alignment.fusion import (
    HybridFusion,
    fused_ranks,
    fused_scores,
    joined_features,
    mean_of_texts,
    standard_scores,
)
from mmsearch.errors import BadInput


def test_cosines_of_joined_rows_are_weighted_means_of_the_parts_cosines():
    random = np.random.default_rng(0)
    pictures, texts = 100 * random.standard_normal((4, 3)), random.standard_normal((4, 7))

    joined = joined_features([pictures, texts], [2.0, 1.0])

    for i in range(4):
        for j in range(4):
            cosines = [a[i] @ a[j] / np.linalg.norm(a[i]) / np.linalg.norm(a[j]) for a in (pictures, texts)]
            assert joined[i] @ joined[j] == pytest.approx((4 * cosines[0] + cosines[1]) / 5, abs=1e-5)


def test_texts_of_an_item_are_averaged_by_direction():
    texts = np.array([[3.0, 0.0], [0.0, 1.0], [0.0, 5.0]])

    assert mean_of_texts(texts, [0, 0, 2], 4) == pytest.approx(
        np.array([[0.5**0.5, 0.5**0.5], [0, 0], [0, 1], [0, 0]]), abs=1e-6
    )


def test_standard_scores_do_not_depend_on_scale_and_leave_missing_items_at_the_mean():
    scores = np.array([[1.0, 2.0, 6.0, -np.inf]])

    found = standard_scores(scores)

    deviation = np.std([1.0, 2.0, 6.0])
    assert found == pytest.approx(np.array([[-2, -1, 3, 0]]) / deviation)
    assert standard_scores(1000 * scores + 5) == pytest.approx(found)
    assert standard_scores([[2.0, 2.0]]).tolist() == [[0, 0]]
    assert standard_scores([[-np.inf, -np.inf]]).tolist() == [[0, 0]]


def test_channels_of_other_scales_count_alike():
    small, large = np.array([[0.30, 0.20, 0.10]]), np.array([[1000.0, 2000.0, 3000.0]])

    assert fused_scores([small, large]) == pytest.approx(np.zeros((1, 3)), abs=1e-9)
    assert fused_scores([small, large], [2, 1]).argmax() == 0
    assert fused_scores([small, large], [0, 1]) == pytest.approx(standard_scores(large))


def test_ranks_are_fused_as_defined():
    first, second = np.array([[0.9, 0.5, 0.5, -np.inf]]), np.array([[1.0, 3.0, 2.0, 0.0]])

    fused = fused_ranks([first, second], 60)

    assert fused == pytest.approx(np.array([[1 / 61 + 1 / 63, 1 / 62 + 1 / 61, 1 / 62 + 1 / 62, 1 / 64]]))


def noisy_channels(seed, queries=200, items=50):
    """A good channel, a poor one and one of noise."""
    random = np.random.default_rng(seed)
    relevant = random.integers(0, items, queries)
    truth = np.eye(items)[relevant]
    return [k * truth + random.standard_normal((queries, items)) for k in (3.0, 1.5, 0.0)], relevant


def top1(scores, relevant):
    return float((scores.argmax(axis=1) == relevant).mean())


def test_learnt_weights_beat_equal_ones_and_every_single_channel_on_new_queries():
    fitted = HybridFusion().fit(*noisy_channels(0))
    channels, relevant = noisy_channels(1)

    learnt = top1(fitted.fuse(channels), relevant)

    assert fitted.weights_[0] > fitted.weights_[1] > 4 * fitted.weights_[2]
    assert learnt > max(top1(channel, relevant) for channel in channels)
    assert learnt > top1(fused_scores(channels), relevant)


def test_learnt_weights_are_the_best_of_their_objective():
    channels, relevant = noisy_channels(0, 60, 8)
    fitted = HybridFusion(decay=0.01).fit(channels, relevant)
    standard = [standard_scores(channel) for channel in channels]

    def objective(weights):
        mixed = sum(w * channel for w, channel in zip(weights, standard, strict=True))
        own = mixed[np.arange(60), relevant]
        return np.mean(np.log(np.exp(mixed).sum(axis=1)) - own) + 0.01 * np.sum(np.square(weights))

    best, random = objective(fitted.weights_), np.random.default_rng(1)
    for size in (0.01, 0.3):
        for _ in range(100):
            moved = np.maximum(fitted.weights_ + size * random.standard_normal(3), 0)
            assert objective(moved) >= best - 1e-7


def test_the_estimator_can_be_cloned_and_must_be_fitted():
    assert clone(HybridFusion(decay=0.5)).get_params() == {"decay": 0.5}
    with pytest.raises(BadInput, match="call fit first"):
        HybridFusion().fuse([np.ones((1, 2))])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: joined_features([np.ones((2, 2)), np.ones((3, 2))]), "equally many"),
        (lambda: joined_features([]), "equally many"),
        (lambda: joined_features([np.ones((2, 2))], [-1]), "at least 0"),
        (lambda: fused_scores([np.ones((2, 2)), np.ones((2, 3))]), "alike for all"),
        (lambda: fused_scores([np.ones((2, 2))], [1, 2]), "needed are 1 numbers"),
        (lambda: fused_scores([]), "alike for all"),
        (lambda: fused_ranks([[[np.nan, 1.0]]]), "Channel 0 holds NaN"),
        (lambda: mean_of_texts(np.ones((2, 2)), [0, 5], 3), "0 to 2"),
        (lambda: HybridFusion().fit([np.ones((2, 2))], [0, 2]), "0 to 1"),
        (lambda: HybridFusion(decay=-1).fit([np.ones((2, 2))], [0, 1]), "decay"),
    ],
)
def test_what_does_not_fit_together_is_refused(call, message):
    with pytest.raises(BadInput, match=message):
        call()
