"""What a second opinion costs: time that it adds to a search, disk, and what keeping picture tokens saves."""

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import BertTokenizerFast, BlipConfig, BlipForImageTextRetrieval, BlipProcessor
from transformers.models.blip.image_processing_pil_blip import BlipImageProcessorPil

from benchmarks.machine import measure
from benchmarks.opinion_shortlists import Subject
from mmsearch.engine import Engine, load_settings
from mmsearch.rerankers.blip import BlipMatcher
from mmsearch.rerankers.registry import load_reranker
from mmsearch.scenes import SceneGenerator
from mmsearch.search.second_opinion import Effort

PAIRS, SIDE, LENGTH = 16, 384, 20  # hits a query, pixels, tokens of a query
QUERIES = (
    "a dog", "people in the rain", "a red flower", "an old boat on a lake", "a bridge at night", "a plate of food",
    "somebody riding a wave", "a train in a station", "two elephants in the water", "a cat and a computer",
    "雪山", "厨房", "一只鸟", "夜晚的城市", "骑车的人",
    "海滩上的狗", "雨中撑伞的人", "桌上的电脑", "红色的公共汽车", "花",
)  # fmt: skip


def latency(subject: Subject) -> object:
    """Milliseconds that a second opinion on 16 hits adds to a search of the bundled collection."""
    with tempfile.TemporaryDirectory() as home:
        settings = replace(load_settings({}), home=Path(home), collection="samples")
        with Engine(settings) as engine:
            engine.warm_up()
            first = _added(engine)
            again = [each for _ in range(max(1, subject.sizes.repeats // 4)) for each in _added(engine)]
    return {"pictures_seen_first": _quantiles(first), "pictures_seen_before": _quantiles(again)}


def _added(engine: Engine) -> list[float]:
    effort, found = Effort(seconds=60, hits=PAIRS, sure=1.1), []
    for query in QUERIES:
        first, *_, last = engine.search_twice(query, effort=effort)
        assert last.judged == PAIRS, last.notice  # noqa: S101 - otherwise something else was timed
        found.append(1000 * (last.seconds - first.seconds))
    return found


def _quantiles(times: list[float]) -> Mapping[str, float]:
    p50, p95 = np.quantile(times, [0.5, 0.95])
    return {"queries": len(times), "p50_ms": round(float(p50), 1), "p95_ms": round(float(p95), 1)}


def disk(subject: Subject) -> object:
    """Bytes that are kept of a picture for the bundled matcher."""
    tokens = subject.scenes.tokens
    return {"bytes": float(np.mean([len(blob) for blob in tokens[:PAIRS].to_bytes()]))}


def cached_against_plain(subject: Subject) -> object:
    """Time one query with 16 pictures by a BLIP of the usual size: with tokens at hand, and as transformers does it."""
    with tempfile.TemporaryDirectory() as name:
        network = _save_blip(Path(name))
        matcher = load_reranker(name, device="cpu")
        assert isinstance(matcher, BlipMatcher)  # noqa: S101 - it was saved as one
        dtype = next(matcher.model.parameters()).dtype
        pictures = [scene.picture for scene in SceneGenerator(SIDE, 7).scenes(PAIRS)]
        text = " ".join(["dog"] * (LENGTH - 2))  # and two tokens at the ends
        kept = matcher.prepare(pictures)
        plain = network.to(dtype)
        repeats = subject.sizes.repeats
        cached = measure(lambda: matcher.score([text] * PAIRS, kept), repeats=repeats)
        whole = measure(lambda: _plain(plain, matcher.processor, pictures, text), repeats=repeats, warm_up=1)
    return {
        "pairs": PAIRS, "side": SIDE, "text_tokens": LENGTH, "dtype": str(dtype), "cached": cached, "plain": whole,
        "times_faster": whole.median / cached.median,
    }  # fmt: skip


def _plain(
    network: BlipForImageTextRetrieval, processor: BlipProcessor, pictures: list[Image.Image], text: str
) -> torch.Tensor:
    """Score pairs as the documentation of transformers does."""
    inputs = processor(images=pictures, text=[text] * len(pictures), return_tensors="pt", padding=True)
    with torch.inference_mode():
        pixels = inputs["pixel_values"].to(next(network.parameters()).dtype)
        scores: torch.Tensor = network(
            pixel_values=pixels, input_ids=inputs["input_ids"], attention_mask=inputs["attention_mask"]
        ).itm_score
        return scores


def _save_blip(folder: Path) -> BlipForImageTextRetrieval:
    """Write a BLIP of the usual sizes with random weights, and return it."""
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "dog"]
    (folder / "vocab.txt").write_text("\n".join([*words, *(f"w{n}" for n in range(30_524 - len(words)))]), "utf8")
    torch.manual_seed(0)
    config = BlipConfig(text_config={"encoder_hidden_size": 768}, vision_config={"image_size": SIDE})
    network = BlipForImageTextRetrieval(config).eval()
    network.save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))
    BlipProcessor(BlipImageProcessorPil(size=size), tokenizer).save_pretrained(folder)
    return network
