import json

import numpy as np
import pytest
import torch
from PIL import Image

from mmsearch.errors import RerankerError
from mmsearch.nets import dual_network
from mmsearch.rerankers import cross_encoder
from mmsearch.rerankers.cross_encoder import CaptionCrossEncoder, PictureCrossEncoder
from mmsearch.rerankers.evidence import Captions
from mmsearch.rerankers.registry import load_reranker
from tests.rerankers import tiny_cross_encoders
from tests.rerankers.contract import RerankerContract, noise, opened


def saved(kind, place, **settings):
    getattr(tiny_cross_encoders, f"save_{kind}")(place / kind, **settings)
    return place / kind


class TestLlava(RerankerContract):
    @staticmethod
    def save(place):
        return saved("llava", place)


class TestQwen(RerankerContract):
    @staticmethod
    def save(place):
        return saved("qwen", place)


class TestMiniLm(RerankerContract):
    @staticmethod
    def save(place):
        return saved("minilm", place)


class TestBge(RerankerContract):
    @staticmethod
    def save(place):
        return saved("bge", place)


def test_captions_score_what_the_network_says_before_any_sigmoid(tmp_path):
    network = tiny_cross_encoders.save_minilm(tmp_path / "minilm")
    reranker = opened(tmp_path / "minilm")
    tokenizer = reranker.model.tokenizer

    found = reranker.score(["a red dog", "two"], Captions((("one dog",), ("狗",))))

    for score, pair in zip(found, (("a red dog", "one dog"), ("two", "狗")), strict=True):
        with torch.inference_mode():
            assert score == pytest.approx(network(**tokenizer(*pair, return_tensors="pt")).logits.item(), abs=1e-5)


def test_the_caption_that_matches_best_counts(tmp_path):
    reranker = opened(saved("minilm", tmp_path))
    captions = ("a red dog", "two", "green", "狗")

    alone = [reranker.score(["one dog"], Captions(((each,),)))[0] for each in captions]
    together = reranker.score(["one dog"], Captions((captions,)))

    assert together == pytest.approx([max(alone)], abs=1e-5)
    assert np.ptp(alone) > 0.01


def test_an_item_without_captions_is_refused():
    with pytest.raises(RerankerError, match="Nothing is written about item 1"):
        Captions((("a",), ()))


@pytest.mark.parametrize("kind", ["llava", "qwen"])
def test_pictures_score_what_the_model_says_of_yes_against_no(tmp_path, kind):
    reranker = opened(saved(kind, tmp_path))
    picture = noise(0, (32, 32))
    processor, network = reranker.model[0].processor, reranker.model[0].model
    asked = [
        {"role": "query", "content": [{"type": "text", "text": "a red dog"}]},
        {"role": "document", "content": [{"type": "image", "image": picture}]},
    ]

    given = processor.apply_chat_template([asked], tokenize=True, return_dict=True, return_tensors="pt")
    with torch.inference_mode():
        last = network(**given).logits[0, -1]
    words = reranker.model.tokenizer.convert_tokens_to_ids(["yes", "no"])

    expected = (last[words[0]] - last[words[1]]).item()
    assert reranker.score(["a red dog"], reranker.prepare([picture])) == pytest.approx([expected], abs=1e-4)


def test_each_kind_is_told_by_what_it_takes(tmp_path):
    assert isinstance(opened(saved("qwen", tmp_path)), PictureCrossEncoder)
    assert isinstance(opened(saved("bge", tmp_path)), CaptionCrossEncoder)


def test_large_pictures_are_kept_no_larger_than_needed(tmp_path):
    reranker = opened(saved("qwen", tmp_path))

    (kept,) = reranker.prepare([Image.new("RGB", (3000, 2000))]).images

    assert kept.size == (672, 448)
    assert reranker.image_side == 448


def test_a_query_may_name_the_marks_of_the_model(tmp_path):
    reranker = opened(saved("llava", tmp_path))
    kept = reranker.prepare([noise(0, (32, 32))])

    assert reranker.score(["a <image> dog"], kept) == pytest.approx(reranker.score(["a dog"], kept), abs=1e-5)


def test_what_gives_several_scores_is_refused(tmp_path):
    with pytest.raises(RerankerError, match="gives 3 scores a pair"):
        opened(saved("minilm", tmp_path, labels=3))


def test_an_encoder_is_no_re_ranker(tmp_path):
    folder = saved("llava", tmp_path)
    (folder / "config_sentence_transformers.json").write_text(json.dumps({"model_type": "SentenceTransformer"}))

    with pytest.raises(RerankerError, match="There is no re-ranker in"):
        load_reranker(str(folder), device="cpu")


def test_code_that_comes_with_a_folder_is_not_run(tmp_path):
    folder, mark = saved("llava", tmp_path), tmp_path / "ran"
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')\nclass Evil: pass\n")
    modules = json.loads((folder / "modules.json").read_text())
    (folder / "modules.json").write_text(
        json.dumps([*modules, {"idx": 2, "name": "2", "path": "", "type": "evil.Evil"}])
    )
    with pytest.raises(RerankerError, match="Cannot load the re-ranker"):
        load_reranker(str(folder), device="cpu")

    folder = saved("minilm", tmp_path)
    (folder / "evil.py").write_text(f"open({str(mark)!r}, 'w')\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Evil", "AutoModel": "evil.Evil"}}
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(RerankerError, match="Cannot load the re-ranker"):
        load_reranker(str(folder), device="cpu")

    assert not mark.exists()


def test_its_fingerprint_follows_weights_and_template(tmp_path):
    folder = saved("qwen", tmp_path)
    prints = {opened(folder).fingerprint}
    (folder / "chat_template.jinja").write_text((folder / "chat_template.jinja").read_text() + "!")
    prints.add(opened(folder).fingerprint)
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes()[:-4] + b"\0\0\0\0")
    prints.add(opened(folder).fingerprint)

    assert len(prints) == 3


def test_a_model_that_cannot_do_bfloat16_goes_without(tmp_path, monkeypatch):
    monkeypatch.setattr(dual_network, "towers_dtype", lambda device: torch.bfloat16)
    score_one, seen = cross_encoder._score_one, []

    def picky(reranker):
        seen.append(next(reranker.model.parameters()).dtype)
        if seen[-1] == torch.bfloat16:
            raise RerankerError("The re-ranker failed: expected scalar type Float.")
        score_one(reranker)

    monkeypatch.setattr(cross_encoder, "_score_one", picky)
    reranker = load_reranker(str(saved("llava", tmp_path)), device="cpu")

    assert seen == [torch.bfloat16, torch.float32]
    assert next(reranker.model.parameters()).dtype == torch.float32


def test_scores_in_bfloat16_are_near_those_in_float32(tmp_path, monkeypatch):
    folder = saved("qwen", tmp_path)
    exact = opened(folder)
    monkeypatch.setattr(dual_network, "towers_dtype", lambda device: torch.bfloat16)
    quick = load_reranker(str(folder), device="cpu")
    kept = exact.prepare([noise(row, (40, 60)) for row in range(4)])

    assert next(quick.model.parameters()).dtype == torch.bfloat16
    assert quick.score(["a red dog"] * 4, kept) == pytest.approx(exact.score(["a red dog"] * 4, kept), abs=0.15)


def test_a_processor_that_needs_torchvision_is_told_so(tmp_path, monkeypatch):
    monkeypatch.setattr(cross_encoder, "_leave_out_videos", lambda model_type: None)

    def refuse(*args, **kwargs):
        raise ImportError("X requires the Torchvision library but it was not found in your environment.")

    monkeypatch.setattr(cross_encoder, "_load", refuse)
    with pytest.raises(RerankerError, match=r"mmsearch goes without torchvision.*use another re-ranker"):
        load_reranker(str(saved("qwen", tmp_path)), device="cpu")
