"""The re-ranker that comes with mmsearch: small enough, whole, documented, and better than chance."""

import json

import numpy as np
import pytest

from mmsearch.encoders.registry import BUNDLED_ENCODER
from mmsearch.errors import RerankerError
from mmsearch.grammar import is_phrase
from mmsearch.nets.dual_network import checksums
from mmsearch.nets.folder import save_folder
from mmsearch.nets.matcher_network import belongs_to, matcher_checksums, save_matcher
from mmsearch.rerankers import registry
from mmsearch.rerankers.registry import BUNDLED_RERANKER, load_reranker
from mmsearch.rerankers.verdict import LOOKED, conviction
from mmsearch.scenes import SceneGenerator
from mmsearch.scenes.describing import title
from tests.training.tiny_matcher import tiny_matcher

there = pytest.mark.skipif(not BUNDLED_RERANKER.is_dir(), reason="this mmsearch comes without a re-ranker")


def test_its_name_opens_the_packaged_folder_with_the_bundled_encoder(tmp_path, monkeypatch):
    network = tiny_matcher().requires_grad_(False).eval()
    save_folder(network.dual, tmp_path / "encoder")
    (tmp_path / "matcher").mkdir()
    save_matcher(network, tmp_path / "matcher", tmp_path / "encoder")
    monkeypatch.setattr(registry, "BUNDLED_RERANKER", tmp_path / "matcher")
    monkeypatch.setattr(registry, "_BUNDLED_ENCODER", tmp_path / "encoder")

    assert load_reranker("bundled", device="cpu").name == "bundled"

    monkeypatch.setattr(registry, "_BUNDLED_ENCODER", BUNDLED_ENCODER)
    with pytest.raises(RerankerError, match="another encoder"):
        load_reranker("bundled", device="cpu")


def test_knows_where_the_bundled_encoder_lies():
    assert registry._BUNDLED_ENCODER == BUNDLED_ENCODER


def test_without_weights_it_says_what_to_give_instead(tmp_path, monkeypatch):
    monkeypatch.setattr(registry, "BUNDLED_RERANKER", tmp_path)

    with pytest.raises(RerankerError, match=r"comes without a re-ranker: give a name"):
        load_reranker("bundled")


def test_encoder_and_re_ranker_keep_their_limits_in_a_checkout():
    files = [path for folder in (BUNDLED_ENCODER, BUNDLED_RERANKER) for path in folder.glob("*") if path.is_file()]

    assert files
    assert max(path.stat().st_size for path in files) <= 10e6
    assert sum(path.stat().st_size for path in files) <= 96e6


@there
def test_no_file_is_damaged_and_it_belongs_to_the_bundled_encoder():
    said = json.loads((BUNDLED_RERANKER / "checksums.json").read_text(encoding="utf8"))

    assert matcher_checksums(BUNDLED_RERANKER) == said
    assert belongs_to(BUNDLED_RERANKER) == checksums(BUNDLED_ENCODER)


@there
def test_has_a_card_and_the_notices_of_its_sources():
    card = (BUNDLED_RERANKER / "README.md").read_text(encoding="utf8")

    assert all(part in card for part in ("## Data", "## What it reaches", "## Limits", "Apache-2.0", "MIT"))
    assert "multilingual-e5-small" in (BUNDLED_RERANKER / "NOTICE.md").read_text(encoding="utf8")


@there
def test_captions_score_higher_with_their_own_scene_than_with_another():
    scenes = list(SceneGenerator(224, seed=5).scenes(8))
    reranker = load_reranker("bundled", device="cpu")
    pictures = reranker.prepare([scene.picture for scene in scenes])

    for language in ("en", "zh"):
        texts = [scene.captions[language][0] for scene in scenes]
        own = reranker.score(texts, pictures)
        other = reranker.score(texts, pictures[np.roll(np.arange(len(scenes)), 1)])
        assert (own > other).mean() >= 0.75


@there
def test_knows_when_nothing_matches_but_for_chinese_phrases():
    below = load_reranker("bundled", device="cpu").nothing_below

    assert all(0 < below(text) < 0.25 for text in ("two elephants in the water", "水里的两头大象", "a dog"))
    assert below("狗") is None


@there
def test_words_without_meaning_match_nothing():
    scenes = list(SceneGenerator(224, seed=6).scenes(LOOKED))
    matcher = load_reranker("bundled", device="cpu")
    pictures = matcher.prepare([scene.picture for scene in scenes])
    thing = title(scenes[0].truth, "en").split(" and ")[0].split(",")[0]

    def nothing(words):
        scores = matcher.score([words] * LOOKED, pictures)
        return conviction(scores, of_phrase=is_phrase(words)) < matcher.nothing_below(words)

    assert [nothing(words) for words in ("qwzx blorp", "flurble", thing)] == [True, True, False]
