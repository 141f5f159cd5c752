import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.encoders.registry import load_encoder
from mmsearch.errors import RerankerError
from mmsearch.nets.folder import save_folder
from mmsearch.nets.matcher_network import save_matcher
from mmsearch.rerankers.calibration import Calibration, Weights
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.rerankers.registry import encoder_below, load_reranker
from tests.nets.tiny import tiny_network
from tests.rerankers.contract import RerankerContract
from tests.training.tiny_matcher import tiny_matcher

IMAGES = [Image.new("RGB", (20, 30), colour) for colour in ("red", "green", "blue")]


def made():
    network = tiny_matcher().requires_grad_(False).eval()
    for look in network.fusion.look:
        torch.nn.init.normal_(look.output.weight)
    return network


def saved(network, place):
    save_folder(network.dual, place / "encoder")
    (place / "matcher").mkdir()
    save_matcher(network, place / "matcher", place / "encoder")
    return place / "matcher"


class TestMatcher(RerankerContract):
    @staticmethod
    def save(place):
        return saved(made(), place)


@pytest.fixture(scope="module")
def network():
    return made()


@pytest.fixture
def folder(network, tmp_path):
    return saved(network, tmp_path)


def test_scores_are_those_of_the_network_pair_by_pair(network):
    matcher = NetworkMatcher(network, name="tiny", fingerprint="")
    texts = ["a red one", "a", "a red one"]

    found = matcher.score(texts, matcher.prepare(IMAGES))

    for text, image, score in zip(texts, IMAGES, found, strict=True):
        ids, mask = network.dual.tokens([text])
        vectors, tokens = network.look(network.dual.pixels([image]))
        read, hidden = network.read(ids, mask)
        alone = network.judge(hidden, mask, network.fusion.see(tokens)) + 10 * (vectors * read).sum(1) - 3
        assert score == pytest.approx(alone.item(), abs=0.05)  # what 8 bits leave


def test_to_the_encoder_a_text_is_what_it_wants(network):
    cosine = {"en photo": Weights(0, 1, 0)}
    matcher = NetworkMatcher(network, name="tiny", fingerprint="", calibration=Calibration(cosine))
    kept = matcher.prepare(IMAGES)

    denying, wanted = (matcher.score([text] * 3, kept) for text in ("a red one without a blue one", "a red one"))

    assert denying == pytest.approx(wanted, abs=1e-3)
    assert matcher.score(["a red one", "a red one without a blue one", "a"], kept)[:2] == pytest.approx(
        wanted[:2], abs=1e-3
    )


def test_what_a_text_denies_is_judged(network):
    alone = {"en photo": Weights(1, 0, 0)}
    matcher = NetworkMatcher(network, name="tiny", fingerprint="", calibration=Calibration(alone))
    kept = matcher.prepare(IMAGES)

    one, other = (matcher.score([f"a red one without {text}"] * 3, kept) for text in ("a blue one", "green paint"))

    assert not np.allclose(one, other, atol=1e-3)


def test_descriptions_of_any_length_are_compared_as_captions(network):
    weights = {"en photo": Weights(1, 0, 0), "en photo phrase": Weights(1, 0, 9)}
    matcher = NetworkMatcher(network, name="tiny", fingerprint="", calibration=Calibration(weights))
    kept = matcher.prepare(IMAGES)
    texts = ["a red one", "a red one on a blue one", "a"]

    more = matcher.score(texts, kept) - matcher.describe(texts, kept)

    assert more == pytest.approx([9, 0, 9], abs=0.05)


def test_tokens_are_within_half_a_step_of_what_they_were(network):
    kept = NetworkMatcher(network, name="tiny", fingerprint="").prepare(IMAGES)

    tokens = network.look(network.dual.pixels(IMAGES))[1].numpy()

    assert kept.rows.dtype == np.int8
    assert (np.abs(kept.rows * kept.scale.astype(np.float32) - tokens) <= 0.51 * kept.scale + 2e-3).all()


def test_some_pictures_in_another_order(network):
    matcher = NetworkMatcher(network, name="tiny", fingerprint="")
    kept = matcher.prepare(IMAGES)

    assert len(kept[np.array([2, 0])]) == 2
    assert matcher.score(["a", "a"], kept[np.array([2, 0])]) == pytest.approx(
        matcher.score(["a"] * 3, kept)[[2, 0]], abs=1e-4
    )


def test_as_many_texts_as_pictures_are_needed(network):
    matcher = NetworkMatcher(network, name="tiny", fingerprint="")

    with pytest.raises(RerankerError, match="2 texts"):
        matcher.score(["a", "b"], matcher.prepare(IMAGES))


def test_a_saved_matcher_is_opened_with_the_encoder_beside_it(network, folder):
    opened = load_reranker(str(folder), device="cpu")
    memory = NetworkMatcher(network, name="tiny", fingerprint="")

    scores = [each.score(["a red one"] * 3, each.prepare(IMAGES)) for each in (opened, memory)]

    assert scores[0] == pytest.approx(scores[1], abs=0.2)
    assert opened.fingerprint


def test_a_saved_matcher_looks_as_its_encoder_does(folder):
    matcher, encoder = load_reranker(str(folder), device="cpu"), load_encoder(str(folder.parent / "encoder"))

    vectors, kept = matcher.look(IMAGES * 6)

    assert encoder_below(str(folder)) == encoder.fingerprint
    assert vectors == pytest.approx(encoder.encode_images(IMAGES * 6), abs=1e-6)
    assert kept.rows.tolist() == matcher.prepare(IMAGES * 6).rows.tolist()


def test_no_encoder_is_told_of_where_there_is_none(tmp_path):
    assert encoder_below(str(tmp_path)) is None
    assert encoder_below("blip-coco") is None
    assert encoder_below("nonsense") is None


def test_a_matcher_of_another_encoder_is_refused(folder):
    save_folder(tiny_network(seed=9), folder.parent / "encoder")

    with pytest.raises(RerankerError, match="another encoder"):
        load_reranker(str(folder))


def test_what_is_missing_is_named(folder, tmp_path):
    with pytest.raises(RerankerError, match="nowhere"):
        load_reranker(str(tmp_path / "nowhere"))

    next(folder.glob("weights-*")).unlink()
    with pytest.raises(RerankerError, match="Cannot load the matcher"):
        load_reranker(str(folder))
