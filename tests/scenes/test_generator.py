import hashlib
import subprocess
import sys

import numpy as np
import pytest

from mmsearch.errors import BadInput
from mmsearch.scenes import (
    Allow,
    Detail,
    HeldOut,
    Relation,
    SceneGenerator,
    describe,
    holds,
    standard_held_out,
    vocabulary,
)
from mmsearch.scenes.describing import plain_relations
from mmsearch.scenes.vocabulary import FRAME, confusable

COUNT = 250
FINGERPRINT = """
import hashlib
from mmsearch.scenes import SceneGenerator
scene = SceneGenerator(seed=5).scene(11)
print(hashlib.sha256(scene.picture.tobytes() + repr((scene.truth, scene.captions)).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def scenes():
    return list(SceneGenerator(side=96, seed=1).scenes(COUNT))


def test_every_caption_is_true(scenes) -> None:
    assert all(holds(scene.truth, statement) for scene in scenes for statement in scene.statements)


def test_no_caption_is_given_twice(scenes) -> None:
    captions = [caption for scene in scenes for each in scene.captions.values() for caption in each]

    assert len(set(captions)) == len(captions) == COUNT * 6


def test_what_a_scene_may_show_is_shown_somewhere(scenes) -> None:
    groups = [group for scene in scenes for group in scene.truth.groups]
    kinds = {sum(group.thing != FRAME for group in scene.truth.groups) for scene in scenes}

    assert kinds == {1, 2, 3, 4}
    assert {group.count for group in groups} == {1, 2, 3, 4, 5}
    assert {group.size for group in groups} == {"small", "medium", "big"}
    assert len({group.colour for group in groups}) == 11
    assert {relation for scene in scenes for _, relation, _ in plain_relations(scene.truth)} == (
        set(Relation) - {Relation.OUTSIDE}
    )


def test_everything_lies_within_the_picture(scenes) -> None:
    boxes = [box for scene in scenes for group in scene.truth.groups for box in group.boxes]

    assert all(0 <= box.left < box.right <= 1 and 0 <= box.top < box.bottom <= 1 for box in boxes)


def test_things_of_a_kind_never_overlap(scenes) -> None:
    for scene in scenes:
        for group in scene.truth.groups:
            for at, box in enumerate(group.boxes):
                assert all(box.common(other) == 0 for other in group.boxes[at + 1 :])


def test_at_most_one_pair_overlaps_and_is_told_so(scenes) -> None:
    for scene in scenes:
        groups = [group for group in scene.truth.groups if group.thing != FRAME]
        overlapping = [
            (one, other)
            for at, one in enumerate(groups)
            for other in groups[at + 1 :]
            if any(box.common(another) > 0 for box in one.boxes for another in other.boxes)
        ]
        assert len(overlapping) <= 1
        assert all(
            (one.thing, Relation.FRONT, other.thing) in plain_relations(scene.truth) for one, other in overlapping
        )


def test_no_two_things_in_a_scene_could_be_called_the_same(scenes) -> None:
    for scene in scenes:
        things = [vocabulary()[group.thing] for group in scene.truth.groups]
        assert not any(confusable(one, other) for at, one in enumerate(things) for other in things[at + 1 :])


def test_the_same_seed_gives_the_same_bytes_in_another_process() -> None:
    scene = SceneGenerator(seed=5).scene(11)
    mine = hashlib.sha256(scene.picture.tobytes() + repr((scene.truth, scene.captions)).encode()).hexdigest()

    there = subprocess.run([sys.executable, "-c", FINGERPRINT], capture_output=True, text=True, check=True)

    assert there.stdout.strip() == mine


def test_a_scene_does_not_depend_on_those_before_it() -> None:
    many = [SceneGenerator(side=64, seed=2).scene(index) for index in range(5)]

    alone = SceneGenerator(side=64, seed=2).scene(4)

    assert alone.truth == many[4].truth
    assert alone.captions == many[4].captions
    assert alone.picture.tobytes() == many[4].picture.tobytes()


def test_another_seed_gives_other_scenes() -> None:
    assert SceneGenerator(side=64, seed=1).scene(0).truth != SceneGenerator(side=64, seed=2).scene(0).truth


def test_the_truth_does_not_depend_on_the_side() -> None:
    assert SceneGenerator(side=64, seed=1).scene(3).truth == SceneGenerator(side=128, seed=1).scene(3).truth


def test_coloured_things_have_that_colour_in_the_picture() -> None:
    generator = SceneGenerator(side=96, seed=8, kinds=(1,))
    plain = (scene for scene in generator.scenes(200) if scene.truth.background == "gradient")
    reds = [scene for scene in plain if any(group.colour == "red" for group in scene.truth.groups)]

    for scene in reds:
        pixels = np.asarray(scene.picture, np.int32)
        assert ((pixels[..., 0] > pixels[..., 1] + 80) & (pixels[..., 0] > pixels[..., 2] + 80)).sum() > 20
    assert reds


@pytest.mark.parametrize("detail", Detail)
def test_describes_a_scene_in_any_detail(detail: Detail) -> None:
    scene = SceneGenerator(side=64, seed=3).scene(0)
    rng = np.random.default_rng(0)

    assert all(describe(scene.truth, language, rng, detail) for language in ("en", "zh"))


def test_seen_scenes_show_and_say_nothing_held_out() -> None:
    held_out = standard_held_out()
    seen = SceneGenerator(side=64, seed=1, held_out=held_out, allow=Allow.SEEN)

    for scene in seen.scenes(60):
        assert not held_out.in_scene(scene.truth)
        assert not any(held_out.in_statement(statement) for statement in scene.statements)


def test_held_out_scenes_show_something_held_out() -> None:
    held_out = HeldOut(frozenset({"dog"}), frozenset({("red", "car")}), frozenset({("cat", "left", "apple")}))
    generator = SceneGenerator(side=64, seed=1, held_out=standard_held_out(), allow=Allow.HELD_OUT)

    assert all(standard_held_out().in_scene(scene.truth) for scene in generator.scenes(20))
    assert held_out.holds_triple("apple", Relation.RIGHT, "cat")
    assert not held_out.holds_triple("apple", Relation.LEFT, "cat")


def test_the_standard_split_keeps_back_a_small_part() -> None:
    split = standard_held_out()

    assert 30 <= len(split.objects) <= 80
    assert 40 <= len(split.pairs) <= 130


def test_refuses_what_cannot_be_drawn() -> None:
    with pytest.raises(BadInput, match="8 pixels"):
        SceneGenerator(side=8)
    with pytest.raises(BadInput, match="one to four kinds"):
        SceneGenerator(kinds=(5,))
