import numpy as np
import pytest

from mmsearch.encoders.folder import open_folder
from mmsearch.nets.folder import save_folder
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.training import calibrating
from mmsearch.training.calibrating import Pairs, calibrates, fit_calibration
from mmsearch.training.captions import DatasetSettings
from mmsearch.training.measure import read_dev_sets
from tests.training.tiny_matcher import tiny_matcher

DRAWN = DatasetSettings(
    name="drawn", captions="drawn/captions.jsonl", splits=("train",), dev="dev", licence="", source=""
)


@pytest.fixture
def pair(tmp_path):
    network = tiny_matcher().requires_grad_(False).eval()
    save_folder(network.dual, tmp_path / "encoder")
    encoder = open_folder(tmp_path / "encoder", name="tiny", device="cpu")
    return encoder, NetworkMatcher(network, name="tiny", fingerprint="")


def test_fits_every_language_and_kind_of_picture(pair, data):
    found = fit_calibration(*pair, read_dev_sets(data, [DRAWN]))

    assert set(found.weights) == {"en photo", "zh photo", "en drawn", "zh drawn"}
    assert len(found.drawn) == pair[0].dim
    assert set(found.nothing) == {"en", "zh"}
    assert all(0 < below < 1 for below in found.nothing.values())


def test_without_photographs_all_count_as_such(pair):
    found = fit_calibration(*pair, [])

    assert set(found.weights) == {"en drawn", "zh drawn"}
    assert (found.drawn, found.nothing) == ((), {})


def test_every_second_picture_is_kept_to_measure_on(pair, data, monkeypatch):
    asked = []
    monkeypatch.setattr(
        calibrating, "_shortlists", lambda encoder, judge, kept, texts, owner: asked.append((texts, owner)) or PAIRS
    )
    fit_calibration(*pair, read_dev_sets(data, [DRAWN]))

    texts, owner = asked[0]
    assert sorted(set(owner.tolist())) == [0, 2, 4]
    assert all(calibrates(row) for row in owner)
    assert len(texts) == 6


PAIRS = Pairs(
    np.array([2.0, 1.0, -1.0, 0.5], np.float32),
    np.array([0.1, 0.5, 0.2, 0.3], np.float32),
    np.array([True, True, False, False]),
    texts=2,
)


def test_as_many_matches_are_expected_as_there_are():
    rng = np.random.default_rng(0)
    judgements, cosines = rng.normal(size=(2, 2000)).astype(np.float32)
    pairs = Pairs(judgements, cosines, rng.random(2000) < 1 / (1 + np.exp(3 - judgements - 2 * cosines)))

    fitted = calibrating._fitted(pairs)

    assert (fitted.judgement, fitted.cosine, fitted.bias) == pytest.approx((1, 2, -3), abs=0.4)
    assert calibrating._bias(fitted, pairs) == pytest.approx(fitted.bias, abs=0.1)
