import json
from dataclasses import replace

import numpy as np
import pytest

from mmsearch.encoders.folder import open_folder
from mmsearch.grammar import is_phrase
from mmsearch.nets.folder import save_folder
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.training import calibrating
from mmsearch.training.calibrating import fit_calibration, uncalibrated
from mmsearch.training.calibration_pairs import MixedCollection, Pairs, calibrates
from mmsearch.training.captions import DatasetSettings
from mmsearch.training.measure import read_dev_sets
from tests.training.tiny_matcher import tiny_matcher

DRAWN = DatasetSettings(
    name="drawn", captions="drawn/captions.jsonl", splits=("train",), dev="dev", licence="", source=""
)
CAPTIONS = {"en photo", "zh photo", "en drawn", "zh drawn"}


@pytest.fixture
def pair(tmp_path):
    network = tiny_matcher().requires_grad_(False).eval()
    save_folder(network.dual, tmp_path / "encoder")
    encoder = open_folder(tmp_path / "encoder", name="tiny", device="cpu")
    return encoder, NetworkMatcher(network, name="tiny", fingerprint="")


@pytest.fixture
def squares(data):
    """Six pictures of squares, of which the first and every second one asks."""
    file = data / "drawn" / "captions.jsonl"
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    for line in lines:
        line["en"] = [f"{line['en'][1]} paint and a square on paper", "a square"]
    file.write_text("\n".join(map(json.dumps, lines)))
    return read_dev_sets(data, [DRAWN])


@pytest.fixture
def mixed(pair, squares):
    encoder, matcher = pair
    return MixedCollection(encoder, uncalibrated(matcher), squares)


def test_fits_every_language_and_kind_of_picture(pair, squares):
    found = fit_calibration(*pair, squares)

    assert set(found.weights) - {f"{name} phrase" for name in CAPTIONS} == CAPTIONS
    assert len(found.drawn) == pair[0].dim
    assert "en" in found.nothing
    assert "zh" not in found.nothing  # the Chinese captions are too short
    assert all(0 < below < 1 for below in found.nothing.values())


@pytest.mark.parametrize(("share", "kept"), [(0.0, True), (1.0, False)])
def test_a_limit_for_phrases_is_kept_where_it_refuses_those_without_meaning(pair, squares, monkeypatch, share, kept):
    monkeypatch.setattr(calibrating, "_REFUSED", share)
    monkeypatch.setattr(calibrating, "nothing_below", lambda scores, of_phrases: 0.0)

    assert ("en phrase" in fit_calibration(*pair, squares).nothing) is kept


def test_a_smaller_collection_has_one_that_matches_and_a_few_of_the_others():
    matches = np.tile(np.arange(40) < 4, (3, 1))
    log_odds = np.tile(np.arange(40, dtype=np.float32), (3, 1))

    kept = calibrating._smaller(log_odds, matches, np.random.default_rng(0))

    assert len(kept) == 3 * calibrating._LOTS
    assert all((each < 4).sum() == 1 for each in kept)
    assert np.mean([(each >= 4).sum() for each in kept]) == pytest.approx(36 * calibrating._FEWER, rel=0.15)
    assert {each.min() for each in kept} == {0, 1, 2, 3}


def test_without_photographs_all_count_as_such(pair):
    found = fit_calibration(*pair, [])

    assert (
        {"en drawn", "zh drawn"}
        <= set(found.weights)
        <= {f"{name}{more}" for name in CAPTIONS for more in ("", " phrase")}
    )
    assert not any("photo" in name for name in found.weights)
    assert (found.drawn, found.nothing) == ((), {})


def test_every_second_picture_is_kept_to_measure_on(mixed):
    texts = mixed.captions("en")

    own = texts.matches.argmax(1)[~texts.of_scenes]
    assert set(own.tolist()) == {0, 2, 4}
    assert all(calibrates(row) for row in own)
    assert (texts.matches.sum(1) == 1).all()
    assert len(texts.words) == 6 + len(mixed.scenes)


def test_a_phrase_is_true_of_all_pictures_whose_captions_name_it(mixed):
    texts = mixed.phrases("en")

    assert all(map(is_phrase, texts.words))
    square = texts.matches[texts.words.index("a square")]
    assert square[~mixed.drawn].all()
    for row in np.flatnonzero(texts.of_scenes):
        assert texts.matches[row][mixed.drawn].any()  # the scene that it was drawn for at least


def test_shortlists_are_the_encoders_with_the_opinions_of_both(mixed):
    lists = mixed.shortlists(mixed.captions("zh"))

    row = 1
    vector = mixed.encoder.encode_texts([lists.texts.words[row]])[0]
    cosines = mixed.tokens.vectors.astype(np.float32) @ vector
    assert lists.best[row].tolist() == np.argsort(-cosines, kind="stable")[: lists.best.shape[1]].tolist()
    assert lists.cosines[row] == pytest.approx(cosines[lists.best[row]], abs=1e-3)
    alone = mixed.judge.score([lists.texts.words[row]] * lists.best.shape[1], mixed.tokens[lists.best[row]])
    assert lists.judgements[row] == pytest.approx(alone, abs=1e-3)
    assert sum(len(lists.pairs(kind).matches) for kind in (False, True)) == lists.best.size


PAIRS = Pairs(
    np.array([2.0, 1.0, -1.0, 0.5], np.float32),
    np.array([0.1, 0.5, 0.2, 0.3], np.float32),
    np.array([True, True, False, False]),
)


def test_captions_of_photographs_ask_the_drawings_alone(mixed):
    texts = mixed.captions("en").of_photos()

    found = mixed.drawings_for(texts)

    assert len(texts.words) == 6
    assert found.drawn.all()
    assert not found.matches.any()
    vectors = mixed.tokens.vectors[mixed.drawn].astype(np.float32)
    cosines = mixed.encoder.encode_texts(texts.words) @ vectors.T
    assert found.cosines == pytest.approx(-np.sort(-cosines, 1)[:, : found.cosines.shape[1]], abs=1e-3)


def test_drawings_are_fitted_to_what_captions_of_photographs_find_too(pair, squares, mixed, monkeypatch):
    fitted = {}
    monkeypatch.setattr(calibrating, "_if_told", lambda name, *asked: fitted.update({name: asked}) or {})

    fit_calibration(*pair, squares)

    captions = mixed.shortlists(mixed.captions("en"))
    alone = mixed.drawings_for(captions.texts.of_photos())
    pairs, foiled = fitted["en drawn"]
    assert len(pairs.matches) == captions.drawn.sum() + alone.drawn.size
    assert pairs.matches.sum() == captions.pairs(drawn=True).matches.sum()
    assert foiled.matches.tolist() == [True, False] * (len(foiled.matches) // 2)


@pytest.fixture
def told():
    """Pairs that match by known weights."""
    rng = np.random.default_rng(0)
    judgements, cosines = rng.normal(size=(2, 2000)).astype(np.float32)
    return Pairs(judgements, cosines, rng.random(2000) < 1 / (1 + np.exp(3 - judgements - 2 * cosines)))


def foils(judgement: float, cosine: float, spread: float = 5) -> Pairs:
    """Return true captions that are mostly that much above their foils, wherever both stand, and seldom below."""
    rng = np.random.default_rng(1)
    lower = rng.normal(size=(200, 2)) * spread
    upper = lower + np.outer(rng.choice([1.0, -1.0], 200, p=[0.8, 0.2]), [judgement, cosine])
    scores = np.stack([upper, lower], 1).reshape(-1, 2).astype(np.float32)
    return Pairs(scores[:, 0], scores[:, 1], np.tile([True, False], 200))


def test_weights_are_found_again(told):
    fitted = calibrating._fitted(told, None)

    assert (fitted.judgement, fitted.cosine, fitted.bias) == pytest.approx((1, 2, -3), abs=0.4)


def test_where_foils_stand_does_not_matter_but_how_far_below(told):
    near, far = (calibrating._fitted(told, foils(5, 0, spread)) for spread in (1, 50))
    against = calibrating._fitted(told, foils(0, -1))

    assert (near.judgement, near.cosine, near.bias) == pytest.approx((far.judgement, far.cosine, far.bias), rel=0.01)
    assert against.cosine < calibrating._fitted(told, None).cosine


def test_as_many_matches_are_expected_as_there_are_in_a_search(told):
    fitted = calibrating._fitted(told, foils(5, 0))

    expected = 1 / (1 + np.exp(-fitted.log_odds(told.judgements, told.cosines)))
    assert expected.mean() == pytest.approx(told.matches.mean(), rel=1e-3)


def test_where_nothing_or_all_matches_nothing_is_fitted():
    for matches in (np.zeros(4, np.bool_), np.ones(4, np.bool_)):
        assert calibrating._if_told("en photo", replace(PAIRS, matches=matches)) == {}
    assert set(calibrating._if_told("en photo", PAIRS)) == {"en photo"}
