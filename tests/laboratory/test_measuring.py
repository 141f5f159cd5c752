import numpy as np
import pytest

from mmsearch.evaluation import evaluate_retrieval
from mmsearch.laboratory.measuring import compared, correlations, measured
from mmsearch.laboratory.pairs import PairVectors


def units(n, dim=6, seed=0):
    rows = np.random.default_rng(seed).standard_normal((n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def pairs():
    owner = np.array([2, 0, 1, 1, 0, 2, 3])
    image = units(4)
    text = units(7, seed=1) + image[owner]
    return PairVectors(image, text / np.linalg.norm(text, axis=1, keepdims=True), owner)


def test_recall_is_what_the_evaluation_says(pairs):
    found = measured(pairs.image, pairs.text, pairs, np.arange(4))

    report = evaluate_retrieval(pairs.image, pairs.text, pairs.owner)
    for way in ("text_to_image", "image_to_text"):
        metrics = getattr(report, way)
        assert found.figures[way] == {
            "R@1": metrics.recall_at_1,
            "R@5": metrics.recall_at_5,
            "R@10": metrics.recall_at_10,
        }
    assert found.score == pytest.approx(np.mean([list(figures.values()) for figures in found.figures.values()]))


def test_first_tells_each_query_and_its_picture(pairs):
    found = measured(pairs.image, pairs.text, pairs, np.array([10, 11, 12, 13]))

    scores = pairs.text @ pairs.image.T
    by_text = scores.argmax(axis=1) == pairs.owner
    by_picture = pairs.owner[scores.argmax(axis=0)] == np.arange(4)
    assert found.first.tolist() == [*by_text, *by_picture]
    assert found.pictures.tolist() == [12, 10, 11, 11, 10, 12, 13, 10, 11, 12, 13]


def test_with_classes_whatever_is_of_the_class_is_right(pairs):
    labels = np.array([0, 1, 0, 1])
    found = measured(pairs.image, pairs.text, PairVectors(pairs.image, pairs.text, pairs.owner, labels), np.arange(4))

    scores, of_texts = pairs.text @ pairs.image.T, labels[pairs.owner]
    for way, rows, own, others in (
        ("text_to_image", scores, of_texts, labels),
        ("image_to_text", scores.T, labels, of_texts),
    ):
        precisions = []
        for row, label in zip(rows, own, strict=True):
            right = (others[np.argsort(-row)] == label).tolist()
            precisions.append(np.mean([sum(right[: i + 1]) / (i + 1) for i, hit in enumerate(right) if hit]))
        assert found.figures[way]["MAP"] == pytest.approx(np.mean(precisions))
    assert found.first[:7].tolist() == (labels[scores.argmax(axis=1)] == of_texts).tolist()


def test_a_gain_counts_less_the_more_methods_were_tried():
    owner = np.arange(40)
    held = PairVectors(units(40), units(40), owner)
    right, wrong = units(40), units(40, seed=5)
    before = [measured(held.image, wrong, held, owner)]
    after = [measured(held.image, np.where(owner[:, None] < 6, right, wrong), held, owner)]

    once, often = compared(before, after, 1), compared(before, after, 9)

    assert once.gain == pytest.approx(after[0].first.mean() - before[0].first.mean())
    assert once.gain > 0
    assert often.p == pytest.approx(min(1.0, 9 * once.p))
    assert compared(before, before, 1).p == 1.0


def test_correlations_are_those_of_each_coordinate(pairs):
    found = correlations(pairs.image, pairs.text, pairs.owner)

    by_hand = [np.corrcoef(pairs.image[pairs.owner, j], pairs.text[:, j])[0, 1] for j in range(6)]
    assert found == pytest.approx(sorted(by_hand, reverse=True), abs=1e-6)
    assert correlations(np.ones((4, 2), np.float32), pairs.text[:, :2], pairs.owner).tolist() == [0, 0]
