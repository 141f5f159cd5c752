"""Measures whether heat maps point to the things that phrases name (the pointing game, arXiv:1608.00507).

    python -m benchmarks.pointing [--scenes 100]

A map points right if the middle of its largest cell lies in the box of a thing that the phrase names. Pictures and
captions are drawn scenes, which know their boxes. The matcher's layers are compared, attention alone and times its
gradient, over all heads and those that are taught to look, for the phrase read alone and within its caption; and what
the encoder alone can do. Writes benchmarks/results/pointing.json.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.machine import Timing, measure, write_result
from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.registry import load_encoder
from mmsearch.engine.explaining import smoothed
from mmsearch.grammar import PhraseKind, parse_query
from mmsearch.grammar.spans import phrases_of
from mmsearch.nets.fusion import Look, taught
from mmsearch.nets.matcher_network import MatcherNetwork
from mmsearch.nets.spans import spanned_tokens
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.rerankers.heat import as_grids, gradients, mean_look
from mmsearch.rerankers.registry import BUNDLED, load_reranker
from mmsearch.scenes import Scene, SceneGenerator
from mmsearch.scenes.marking import marked
from mmsearch.scenes.truth import Box, group_of

SIDE, SEED = 256, 61_000  # of the scenes
CAPTION = 1  # of each scene: the one that tells some of it

Grids = NDArray[np.float32]  # (n, rows, columns)


@dataclass(frozen=True, slots=True)
class Named:
    """A phrase that names one thing of a scene."""

    text: str
    span: tuple[int, int]  # in the caption
    boxes: tuple[Box, ...]  # of the things


def named(scene: Scene, language: str) -> list[Named]:
    """Return the phrases of a scene's caption that name one kind of thing."""
    caption = scene.captions[language][CAPTION]
    nouns = [mark for mark in marked(caption, scene.statements[CAPTION], language) if mark.kind == "noun"]
    found = []
    for phrase, span in phrases_of(parse_query(caption)):
        inside = [mark for mark in nouns if span and span[0] <= mark.start and mark.end <= span[1]]
        group = group_of(scene.truth, inside[0].thing) if len(inside) == 1 else None
        if phrase.kind is PhraseKind.THING and span and group:
            found.append(Named(phrase.text, span, group.boxes))
    return found


def points_right(grid: NDArray[np.float32], boxes: tuple[Box, ...]) -> bool:
    """Return whether the middle of the largest cell lies in a box."""
    row, column = np.unravel_index(int(grid.argmax()), grid.shape)
    return _inside(int(row), int(column), grid.shape, boxes)


def chance(shape: tuple[int, int], boxes: tuple[Box, ...]) -> float:
    """Return the share of cells that point right."""
    return float(np.mean([_inside(*cell, shape, boxes) for cell in np.ndindex(shape)]))


def _inside(row: int, column: int, shape: tuple[int, ...], boxes: tuple[Box, ...]) -> bool:
    x, y = (column + 0.5) / shape[1], (row + 0.5) / shape[0]
    return any(box.left <= x <= box.right and box.top <= y <= box.bottom for box in boxes)


def of_matcher(
    network: MatcherNetwork, scene: Scene, caption: str, phrases: list[Named]
) -> Iterator[tuple[str, Grids]]:
    """Yield the maps of every layer and method, (n, rows, columns), under a name."""
    with torch.no_grad():
        _, picture = network.look(network.dual.pixels([scene.picture]))
    alone = spanned_tokens(network.dual, [phrase.text for phrase in phrases])
    said = alone.spans[..., 1] > alone.spans[..., 0]  # (n, L)
    yield from _looks(network, picture, alone.ids, alone.mask, said, "alone")
    whole = spanned_tokens(network.dual, [caption] * len(phrases))
    starts, ends = zip(*(phrase.span for phrase in phrases), strict=True)
    yield from _looks(network, picture, whole.ids, whole.mask, whole.within(starts, ends), "in its caption")


def _looks(
    network: MatcherNetwork,
    picture: torch.Tensor,
    ids: torch.Tensor,
    mask: torch.Tensor,
    said: torch.Tensor,
    how: str,
) -> Iterator[tuple[str, Grids]]:
    looks: list[Look] = []
    with gradients():
        hidden = network.below(ids, mask).detach().requires_grad_()
        logits = network.judge(hidden, mask, network.fusion.see(picture.expand(len(ids), -1, -1)), looks)
    for layer, look in enumerate(looks):
        (slope,) = torch.autograd.grad(logits.sum(), look.heads, retain_graph=True)
        weights = look.heads.detach().float()
        for method, maps in (("attention", weights), ("attention × gradient", (weights * slope.float()).clamp_min(0))):
            for heads, part in (("all heads", maps), ("taught heads", taught(maps))):
                yield f"{method}, layer {layer}, {heads}, phrase {how}", as_grids(mean_look(part, said))


def of_encoder(encoder: DualEncoder, scene: Scene, phrases: list[Named]) -> Iterator[tuple[str, Grids]]:
    """Yield the maps that the encoder alone gives, as they are and with each cell averaged with those around it."""
    vectors = encoder.encode_texts([phrase.text for phrase in phrases])
    grids = np.moveaxis(encoder.encode_patches(scene.picture) @ vectors.T, -1, 0)
    yield "encoder, patches", grids
    yield "encoder, patches, smoothed", np.stack([smoothed(grid) for grid in grids])


def play(matcher: NetworkMatcher, encoder: DualEncoder, count: int) -> dict[str, object]:
    """Return the share of phrases that each method points right for, by language, and the chance level."""
    right: dict[str, dict[str, list[bool]]] = {"en": defaultdict(list), "zh": defaultdict(list)}
    chances: dict[str, list[float]] = {"en": [], "zh": []}
    for scene in SceneGenerator(SIDE, SEED).scenes(count):
        for language, found in right.items():
            phrases = named(scene, language)
            if not phrases:
                continue
            caption = scene.captions[language][CAPTION]
            maps = [*of_matcher(matcher.network, scene, caption, phrases), *of_encoder(encoder, scene, phrases)]
            for name, grids in maps:
                found[name] += [points_right(grid, each.boxes) for grid, each in zip(grids, phrases, strict=True)]
            chances[language] += [chance(maps[0][1].shape[1:], each.boxes) for each in phrases]
    return {
        "phrases": {language: len(each) for language, each in chances.items()},
        "chance": {language: round(float(np.mean(each)), 4) for language, each in chances.items()},
        "points_right": {
            name: {language: round(float(np.mean(found[name])), 4) for language, found in right.items()}
            for name in right["en"]
        },
    }


def speed(matcher: NetworkMatcher) -> dict[str, Timing]:
    """Time the maps of four phrases, and as many scores to compare with."""
    texts = ["a red car", "a house", "三只狗", "a red car left of a house"]
    kept = matcher.prepare([SceneGenerator(SIDE, SEED).scene(0).picture])
    same = kept[np.zeros(len(texts), np.int64)]
    return {
        "four_maps_seconds": measure(lambda: matcher.heat(texts, kept)),
        "four_scores_seconds": measure(lambda: matcher.score(texts, same)),
    }


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--scenes", type=int, default=100)
    options = parser.parse_args()
    matcher, encoder = load_reranker(BUNDLED, device="cpu"), load_encoder("bundled", device="cpu")
    if not isinstance(matcher, NetworkMatcher):
        raise SystemExit("The bundled re-ranker is of another kind now; this benchmark does not know its layers.")
    result = {"scenes": options.scenes, "seed": SEED, "fingerprint": matcher.fingerprint}
    result |= play(matcher, encoder, options.scenes) | speed(matcher)
    print(write_result("pointing", result))


if __name__ == "__main__":
    main()
