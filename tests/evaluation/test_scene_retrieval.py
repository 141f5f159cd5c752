"""Retrieval of scenes by an encoder and a re-ranker that know the answers, or know them wrong."""

import pytest

from mmsearch.errors import BadInput
from mmsearch.evaluation import scene_retrieval
from mmsearch.evaluation.compose_cases import SEED
from mmsearch.evaluation.scene_retrieval import DETAILS, SHORTLIST, retrieve_scenes
from mmsearch.scenes import Detail, SceneGenerator
from tests.evaluation.fakes import KnowsThePlaces, ReranksByPlaces, signature

SCENES, SIDE = 40, 32


@pytest.fixture(scope="module")
def places():
    """The scenes that are asked for: the place of every picture and of every caption."""
    found = {}
    for scene in SceneGenerator(SIDE, SEED + 1, details=DETAILS).scenes(SCENES):
        found[signature(scene.picture)] = scene.index
        found |= {caption: scene.index for captions in scene.captions.values() for caption in captions}
    return found


def retrieve(encoder, reranker=None):
    return retrieve_scenes(encoder, reranker, scenes=SCENES, side=SIDE)


def test_reports_every_detail_in_both_languages_the_fullest_first(places):
    found = retrieve(KnowsThePlaces(places, SCENES))

    assert [(each.detail, each.language) for each in found[:3]] == [
        (Detail.FULL, "en"),
        (Detail.FULL, "zh"),
        (Detail.SOME, "en"),
    ]
    assert len(found) == 6
    assert {each.encoder.text_to_image.recall_at_1 for each in found} == {1.0}
    assert {each.reranked for each in found} == {None}


def test_a_good_reranker_mends_what_the_encoder_put_second(places):
    encoder = KnowsThePlaces(places, SCENES, near=True)

    found = retrieve(encoder, ReranksByPlaces(places))

    assert {each.encoder.text_to_image.recall_at_1 for each in found} == {0.0}
    assert {each.reranked.recall_at_1 for each in found} == {1.0}
    assert found[0].reranked.in_shortlist == 1.0


@pytest.mark.parametrize(("near", "right"), [(False, 1.0), (True, 0.0)])
def test_a_reranker_that_says_the_same_of_everything_changes_nothing(places, near, right):
    found = retrieve(KnowsThePlaces(places, SCENES, near), ReranksByPlaces(places, answer=3.0))

    assert {each.reranked.recall_at_1 for each in found} == {right}
    assert found[0].reranked.interval_at_1 == (right, right)


def test_a_reranker_cannot_find_what_is_not_on_the_shortlist(places, monkeypatch):
    monkeypatch.setattr(scene_retrieval, "SHORTLIST", 1)
    encoder = KnowsThePlaces(places, SCENES, near=True)

    found = retrieve(encoder, ReranksByPlaces(places))

    assert {(each.reranked.recall_at_1, each.reranked.in_shortlist) for each in found} == {(0.0, 0.0)}


def test_fewer_scenes_than_a_shortlist_will_do(places):
    few = SHORTLIST // 8

    found = retrieve_scenes(KnowsThePlaces(places, SCENES), ReranksByPlaces(places), scenes=few, side=SIDE)

    assert found[0].reranked.shortlist == few
    assert found[0].reranked.recall_at_1 == 1.0


def test_counts_the_scenes_that_a_caption_is_true_of(places):
    found = {each.detail: each.satisfying for each in retrieve(KnowsThePlaces(places, SCENES))}

    assert found[Detail.FULL] >= 1
    assert found[Detail.SHORT] >= 1


def test_refuses_no_scenes(places):
    with pytest.raises(BadInput, match="at least one scene; got 0"):
        retrieve_scenes(KnowsThePlaces(places, SCENES), scenes=0)
