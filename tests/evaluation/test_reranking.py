"""Re-ranking on photographs, by an encoder and a re-ranker that know the answers, or know them wrong."""

import numpy as np
import pytest
from PIL import Image

from mmsearch.errors import BadInput
from mmsearch.evaluation.reranking import encoder_best, evaluate_reranking, ranks_in
from tests.evaluation.fakes import KnowsThePlaces, ReranksByPlaces, signature

PICTURES = 12


@pytest.fixture(scope="module")
def pictures():
    return [Image.new("RGB", (8, 8), (20 * row, 0, 0)) for row in range(PICTURES)]


@pytest.fixture(scope="module")
def captions():
    """Two for each picture."""
    return [f"{words} {row}" for row in range(PICTURES) for words in ("a square of", "red number")]


@pytest.fixture(scope="module")
def owner():
    return np.repeat(np.arange(PICTURES), 2)


@pytest.fixture(scope="module")
def places(pictures, captions, owner):
    return {signature(each): row for row, each in enumerate(pictures)} | dict(zip(captions, owner, strict=True))


@pytest.fixture
def rerank(pictures, captions, owner, places):
    def run(reranker, near=True, **options):
        encoder = KnowsThePlaces(places, PICTURES, near)
        images, tokens = encoder.encode_images(pictures), reranker.prepare(pictures)
        return evaluate_reranking(encoder, reranker, images, tokens, captions, owner, **options)

    return run


def test_what_the_encoder_put_second_is_mended(rerank, places):
    report = rerank(ReranksByPlaces(places), dataset="squares", language="en")

    assert (report.alone.recall_at_1, report.alone.recall_at_5) == (0.0, 1.0)
    assert report.reranked.recall_at_1 == 1.0
    assert (report.at_1.before, report.at_1.gain, report.at_1.interval) == (0.0, 1.0, (1.0, 1.0))
    assert report.at_1.p < 0.001
    assert (report.pictures, report.shortlist, report.in_shortlist) == (PICTURES, PICTURES, 1.0)


def test_a_reranker_that_says_the_same_of_everything_keeps_the_encoders_order(rerank, places):
    report = rerank(ReranksByPlaces(places, answer=2.5))

    assert report.reranked == report.alone
    assert (report.at_1.gain, report.at_1.p) == (0.0, 1.0)


def test_pictures_beyond_the_shortlist_stay_where_the_encoder_has_them(rerank, places):
    report = rerank(ReranksByPlaces(places), shortlist=1)

    assert (report.shortlist, report.in_shortlist) == (1, 0.0)
    assert report.reranked == report.alone


def test_a_quick_look_asks_the_same_captions_each_time(rerank, places):
    report = rerank(ReranksByPlaces(places), limit=5, seed=3)

    assert report.reranked.queries == 5
    assert report == rerank(ReranksByPlaces(places), limit=5, seed=3)


def test_progress_reaches_the_end(rerank, places):
    told = []

    rerank(ReranksByPlaces(places), language="zh", progress=told.append)

    assert [(each.phase, each.done, each.total) for each in told] == [
        ("re-ranking, zh", 16, 24),
        ("re-ranking, zh", 24, 24),
    ]


def test_the_shortlist_is_the_encoders_order_by_cosine():
    images = np.eye(3, dtype=np.float32)
    texts = np.array([[0.1, 0.9, 0.3], [0.5, 0.5, 0.0]], np.float32)

    assert encoder_best(texts, images, 2).tolist() == [[1, 2], [0, 1]]
    gone = np.array([[False, True, False], [False, False, False]])
    assert encoder_best(texts, images, 2, gone)[:, 0].tolist() == [2, 0]
    assert encoder_best(texts, images, 9, gone).shape == (2, 2)  # as many as every text has


def test_a_rank_is_one_more_than_the_shortlist_where_the_picture_is_not_on_it():
    assert ranks_in(np.array([[4, 2], [2, 4], [3, 1]]), np.array([4, 4, 4])).tolist() == [1, 2, 3]


def test_refuses_a_score_that_is_no_number(rerank, places):
    with pytest.raises(BadInput, match="re-ranker judge gives NaN or infinity for 'a square of 0'"):
        rerank(ReranksByPlaces(places, answer=float("nan")))


@pytest.mark.parametrize(
    ("option", "message"), [({"shortlist": 0}, "re-rank 0 pictures"), ({"limit": 0}, "limit is 0")]
)
def test_refuses_to_measure_nothing(rerank, places, option, message):
    with pytest.raises(BadInput, match=message):
        rerank(ReranksByPlaces(places), **option)


def test_refuses_captions_without_owners(pictures, captions, owner, places):
    encoder, reranker = KnowsThePlaces(places, PICTURES), ReranksByPlaces(places)

    with pytest.raises(BadInput, match="24 texts and 23 owners"):
        evaluate_reranking(
            encoder, reranker, encoder.encode_images(pictures), reranker.prepare(pictures), captions, owner[1:]
        )
