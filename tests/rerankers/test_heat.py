"""Maps of attention and its gradient against a slow definition: how the answer changes as a weight is nudged."""

import numpy as np
import pytest
import torch

from mmsearch.errors import RerankerError
from mmsearch.nets.matcher_network import MatcherNetwork
from mmsearch.nets.text_tower import mean_of_tokens
from mmsearch.rerankers import blip
from mmsearch.rerankers.folder import NetworkMatcher
from mmsearch.rerankers.heat import as_grids, evidence, gradients, mean_look
from mmsearch.rerankers.registry import BUNDLED, load_reranker
from mmsearch.scenes import SceneGenerator
from mmsearch.scenes.truth import group_of
from mmsearch.scenes.vocabulary import vocabulary
from tests.rerankers.fakes import ColourMatcher
from tests.rerankers.tiny_blip import save_blip, save_blip2
from tests.training.tiny_matcher import tiny_matcher

TEXTS = ["a red dog", "one"]


@pytest.fixture
def pictures():
    return [each.picture for each in SceneGenerator(64, 61_001).scenes(1)]


def nudged(network: MatcherNetwork, hidden, mask, tokens, change):
    """Return the answer where the weights of the last look are what `change` makes of them, and these weights."""
    last = network.fusion.look[-1]
    seen = network.fusion.see(tokens)
    attend = mask[:, None, None, :]
    for number, layer in enumerate(network.fusion.layer[:-1]):
        hidden, _ = network.fusion.look[number](hidden, seen[number])
        hidden = layer(hidden, attend)
    query = last._split(last.query(last.norm(hidden)))
    weights = change((query @ seen[-1].key.transpose(2, 3) / query.shape[-1] ** 0.5).softmax(-1))
    hidden = hidden + last.output((weights @ seen[-1].value).transpose(1, 2).flatten(2))
    fused = mean_of_tokens(network.fusion.layer[-1](hidden, attend), mask)
    return network.decision(fused.to(hidden.dtype)).float()[:, 0], weights


def test_the_bundled_kind_gives_weight_times_slope(pictures):
    network = tiny_matcher().eval().requires_grad_(False)
    torch.nn.init.normal_(network.fusion.look[0].output.weight)
    matcher = NetworkMatcher(network, name="tiny", fingerprint="00")
    kept = matcher.prepare(pictures)

    found = matcher.heat([TEXTS[0]], kept)

    with torch.no_grad():
        ids, mask = network.dual.tokens([TEXTS[0]])
        tokens = torch.from_numpy(kept.rows).float() * torch.from_numpy(kept.scale).float()
        hidden = network.below(ids, mask)
        _, weights = nudged(network, hidden, mask, tokens, lambda w: w)
        heads, length, parts = weights.shape[1] // 2, weights.shape[2], weights.shape[3]
        by_hand = np.zeros(parts)
        words = [token for token in range(length) if said(network, token)]
        for head in range(heads):
            for token in words:
                for part in range(parts):
                    step = torch.zeros_like(weights)
                    step[0, head, token, part] = 1e-2
                    up, _ = nudged(network, hidden, mask, tokens, lambda w, step=step: w + step)
                    down, _ = nudged(network, hidden, mask, tokens, lambda w, step=step: w - step)
                    slope = float(up - down) / 2e-2
                    by_hand[part] += max(0.0, float(weights[0, head, token, part]) * slope) / heads / len(words)
    assert by_hand.max() > 0
    assert np.allclose(found[0].ravel(), by_hand, rtol=0.02, atol=by_hand.max() * 0.01)


def said(network, token):
    """Return whether a token stands for characters of the text, not for the prefix or an end."""
    offsets = network.dual.tokenizer.encode(network.dual.shape.prefix + TEXTS[0]).offsets
    return offsets[token][1] > len(network.dual.shape.prefix)


def test_weight_times_slope_of_a_sum_is_known_by_hand():
    weights = torch.tensor([[[[0.25, 0.75], [0.5, 0.5]]]], requires_grad=True)  # (1, 1, 2, 2)
    slope = torch.tensor([[2.0, -1.0], [0.0, 3.0]])

    found = evidence((weights[0, 0] * slope).sum()[None], weights)

    assert found.tolist() == [[[[0.5, 0.0], [0.0, 1.5]]]]
    assert mean_look(found, torch.tensor([[True, True]])).tolist() == [[0.25, 0.75]]
    assert mean_look(found, torch.tensor([[False, False]])).tolist() == [[0.0, 0.0]]
    assert as_grids(torch.arange(4.0)[None]).tolist() == [[[0, 1], [2, 3]]]


def test_gradients_are_taken_whatever_is_off_outside():
    with torch.inference_mode(), gradients():
        assert torch.ones(1, requires_grad=True).mul(2).requires_grad


@pytest.fixture
def open_tiny(tmp_path, monkeypatch):
    """Return what opens a tiny model of a kind, its attention absorbed or as transformers has it."""

    def opened(save, absorbed):
        monkeypatch.setattr(blip, "USUAL_LENGTH", 8 if absorbed else 24)
        kind = type(save(tmp_path / "model")).__name__
        return blip.open_blip(tmp_path / "model", kind, name="tiny", device="cpu")

    return opened


def test_a_blip_tells_the_same_however_its_attention_is_worked_out(open_tiny, pictures):
    plain, absorbed = (open_tiny(save_blip, absorbed) for absorbed in (False, True))

    maps = [each.heat(TEXTS, each.prepare(pictures)) for each in (plain, absorbed)]

    assert maps[0].shape == (2, 2, 2)
    assert (maps[0] >= 0).all()
    assert (maps[0].max((1, 2)) > 0).all()
    assert np.allclose(*maps, atol=0.1 * maps[0].max())


@pytest.mark.parametrize("save", [save_blip, save_blip2])
def test_telling_leaves_a_blip_as_it_was(save, open_tiny, pictures):
    matcher = open_tiny(save, True)
    kept = matcher.prepare(pictures)[np.zeros(2, int)]
    before = matcher.score(TEXTS, kept)

    maps = matcher.heat(TEXTS, kept[:1])

    assert maps.shape == (2, 2, 2)
    assert not np.allclose(maps[0], maps[1])
    assert np.allclose(matcher.score(TEXTS, kept), before)
    assert not any(module._forward_hooks for module in matcher.model.modules())
    assert not any(weight.requires_grad or weight.grad is not None for weight in matcher.model.parameters())


def test_attention_that_keeps_its_weights_to_itself_is_a_reason(open_tiny, pictures):
    matcher = open_tiny(save_blip2, False)

    with pytest.raises(RerankerError, match="tiny does not tell where it looks"):
        matcher.heat(TEXTS, matcher.prepare(pictures))


def test_one_that_cannot_says_so(pictures):
    matcher = ColourMatcher()

    with pytest.raises(RerankerError, match="colours does not tell where it looks"):
        matcher.heat(["red"], matcher.prepare(pictures))


def test_the_bundled_matcher_points_to_things_far_more_often_than_chance():
    matcher, hits, chances = load_reranker(BUNDLED, device="cpu"), [], []
    for scene in SceneGenerator(256, 61_002).scenes(12):
        names = [group.thing for group in scene.truth.groups]
        things = [vocabulary()[name] for name in names]
        maps = matcher.heat([thing.name for thing in things], matcher.prepare([scene.picture]))
        for name, grid in zip(names, maps, strict=True):
            boxes = group_of(scene.truth, name).boxes
            row, column = np.unravel_index(grid.argmax(), grid.shape)
            hits.append(inside(boxes, column, row, len(grid)))
            chances.append(np.mean([inside(boxes, x, y, len(grid)) for y in range(7) for x in range(7)]))

    assert len(hits) >= 20
    assert np.mean(hits) > 0.45 > 3 * np.mean(chances)


def inside(boxes, column, row, side):
    x, y = (column + 0.5) / side, (row + 0.5) / side
    return any(box.left <= x <= box.right and box.top <= y <= box.bottom for box in boxes)
