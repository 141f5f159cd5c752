"""Evaluation of vectors in both directions: by hand, by definition, and what it refuses."""

import subprocess
import sys

import numpy as np
import pytest

from mmsearch.errors import BadInput
from mmsearch.evaluation import evaluate_retrieval, retrieval


def vectors(*rows):
    return np.array(rows, np.float32)


def random_unit(random, n, dim):
    rows = random.normal(size=(n, dim)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def ranks_slowly(scores, relevant):
    """The definition: walk down the list, an irrelevant candidate before a relevant one of equal score."""
    order = sorted(range(len(scores)), key=lambda i: (-scores[i], i in relevant))
    return [place for place, candidate in enumerate(order, 1) if candidate in relevant]


def test_a_small_case_by_hand():
    images = vectors([1, 0], [0, 1])
    texts = vectors([0.8, 0.6], [0.6, 0.8], [0.96, 0.28])  # of pictures 0, 0 and 1: the last two prefer the other one
    owner = np.array([0, 0, 1])

    report = evaluate_retrieval(images, texts, owner, encoder="tiny", dataset="demo", language="en")

    assert (report.pictures, report.texts, report.encoder, report.dataset) == (2, 3, "tiny", "demo")
    words = report.text_to_image  # ranks 1, 2, 2
    assert words.queries == 3
    assert words.recall_at_1 == pytest.approx(1 / 3)
    assert words.recall_at_5 == 1.0
    assert words.median_rank == 2.0
    assert words.mrr == pytest.approx((1 + 1 / 2 + 1 / 2) / 3)
    pictures = report.image_to_text  # picture 0 sees .8 .6 .96: ranks 2, 3; picture 1 sees .6 .8 .28: rank 3
    assert pictures.queries == 2
    assert pictures.recall_at_1 == 0.0
    assert pictures.median_rank == 2.5
    assert pictures.mrr == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert pictures.map_at_r == pytest.approx((1 / 2 / 2 + 0) / 2)


@pytest.mark.parametrize("n", [1, 2, 9, 30])
@pytest.mark.parametrize("m", [1, 2, 31])
@pytest.mark.parametrize("block", [1, 64, 16_000_000])
def test_ranks_agree_with_the_definition(monkeypatch, n, m, block):
    monkeypatch.setattr(retrieval, "BLOCK", block)
    random = np.random.default_rng(n * 100 + m)
    queries, candidates = random_unit(random, n, 4), random_unit(random, m, 4)
    counts = random.integers(1, min(m, 6) + 1, n)
    relevant = [random.choice(m, count, replace=False) for count in counts]

    ranks = retrieval.relevant_ranks(queries, candidates, np.concatenate(relevant), counts)

    scores = queries @ candidates.T
    expected = np.concatenate([ranks_slowly(scores[i], set(relevant[i].tolist())) for i in range(n)])
    assert ranks.tolist() == expected.tolist()


def test_ranks_agree_with_the_definition_when_ties_abound():
    random = np.random.default_rng(7)
    queries = np.eye(3, dtype=np.float32)
    candidates = random.choice([0.0, 0.25, 0.5], (20, 3)).astype(np.float32)
    relevant = [random.choice(20, 6, replace=False) for _ in range(3)]

    ranks = retrieval.relevant_ranks(queries, candidates, np.concatenate(relevant), np.array([6, 6, 6]))

    expected = np.concatenate([ranks_slowly(candidates[:, i], set(relevant[i].tolist())) for i in range(3)])
    assert ranks.tolist() == expected.tolist()


def test_an_encoder_that_says_the_same_about_everything_scores_nothing():
    same = np.tile(vectors([0.6, 0.8]), (20, 1))

    report = evaluate_retrieval(same, same, np.arange(20))

    assert report.text_to_image.recall_at_10 == 0.0
    assert report.image_to_text.median_rank == 20.0


def test_scores_that_differ_by_rounding_alone_are_tied():
    images = vectors([1, 0], [np.float32(1) - np.float32(2**-24), 0])

    report = evaluate_retrieval(images, vectors([1, 0]), np.array([0]))

    assert report.text_to_image.median_rank == 2.0


def test_a_picture_without_a_text_distracts_but_does_not_ask():
    images = vectors([1, 0], [0, 1], [0.8, 0.6])
    texts = vectors([0.8, 0.6], [0, 1])

    report = evaluate_retrieval(images, texts, np.array([0, 1]))

    assert report.pictures == 3
    assert report.text_to_image.recall_at_1 == 0.5  # picture 2 comes before picture 0
    assert report.image_to_text.queries == 2
    assert report.image_to_text.recall_at_1 == 1.0


def test_texts_need_not_be_grouped_by_picture():
    random = np.random.default_rng(3)
    images, texts, owner = random_unit(random, 12, 8), random_unit(random, 40, 8), random.integers(0, 12, 40)
    shuffled = random.permutation(40)

    report = evaluate_retrieval(images, texts, owner)
    other = evaluate_retrieval(images, texts[shuffled], owner[shuffled])

    assert other.image_to_text == report.image_to_text
    assert other.text_to_image.ndcg_at_10 == pytest.approx(report.text_to_image.ndcg_at_10)


def test_both_directions_agree_when_every_picture_has_one_text_and_scores_are_symmetric():
    random = np.random.default_rng(5)
    same = random_unit(random, 25, 3)

    report = evaluate_retrieval(same, same, np.arange(25))

    assert report.text_to_image == report.image_to_text
    assert report.text_to_image.recall_at_1 == 1.0


def test_one_picture_and_one_text_always_match():
    report = evaluate_retrieval(vectors([1, 0]), vectors([0, 1]), np.array([0]))

    assert report.text_to_image.recall_at_1 == report.image_to_text.map_at_r == 1.0


ONE = vectors([1, 0])
NONE = np.empty((0, 2), np.float32)


@pytest.mark.parametrize(
    ("images", "texts", "owner", "message"),
    [
        (ONE, NONE, np.array([], np.int64), "no texts to evaluate"),
        (NONE, ONE, np.array([0]), "no pictures to evaluate"),
        (ONE[0], ONE, np.array([0]), r"no pictures to evaluate.*\(2,\)"),
        (ONE, vectors([1, 0, 0]), np.array([0]), "vectors of 2 numbers, texts of 3"),
        (ONE, ONE, np.array([1]), "belongs to picture 1, but the pictures are numbered 0 to 0"),
        (ONE, ONE, np.array([-1]), "belongs to picture -1"),
        (ONE, ONE, np.array([0, 0]), r"Each of the 1 texts needs the row of its picture; got int64 \(2,\)"),
        (ONE, ONE, np.array([0.0]), "got float64"),
        (vectors([np.nan, 0]), ONE, np.array([0]), "vectors of the pictures hold NaN or infinity, first in row 0"),
        (ONE, vectors([1, 0], [np.inf, 0]), np.array([0, 0]), "vectors of the texts hold NaN or infinity.*row 1"),
    ],
)
def test_refuses_what_cannot_be_measured(images, texts, owner, message):
    with pytest.raises(BadInput, match=message):
        evaluate_retrieval(images, texts, owner)


def test_imports_no_torch():
    code = "import sys, mmsearch.evaluation; sys.exit('torch' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
