from dataclasses import replace

import pytest

from mmsearch.errors import BadInput
from mmsearch.scenes import Allow, FoilKind, Mention, SceneGenerator, Statement, fails, holds, standard_held_out

COUNT = 60


@pytest.fixture(scope="module")
def generator() -> SceneGenerator:
    return SceneGenerator(side=48, seed=6)


@pytest.mark.parametrize("kind", FoilKind)
def test_the_caption_is_true_and_the_foil_certainly_false(generator: SceneGenerator, kind: FoilKind) -> None:
    for index in range(COUNT):
        scene = generator.scene(index, kind=kind)

        foil = generator.foil(scene, kind, "en")

        assert holds(scene.truth, foil.true), foil
        assert fails(scene.truth, foil.false), foil
        assert foil.caption != foil.foil
        assert generator.foil(scene, kind, "zh").true == foil.true


def changed(foil_true: Statement, foil_false: Statement) -> set[str]:
    """Return the parts in which the mentions of two statements differ, place by place."""
    pairs = zip(foil_true.mentions, foil_false.mentions, strict=True)
    return {
        part
        for one, other in pairs
        for part in ("thing", "count", "colour", "size")
        if getattr(one, part) != getattr(other, part)
    }


@pytest.mark.parametrize(
    ("kind", "part"), [(FoilKind.OBJECT, "thing"), (FoilKind.COLOUR, "colour"), (FoilKind.COUNT, "count")]
)
def test_differs_in_one_part_of_one_mention(generator: SceneGenerator, kind: FoilKind, part: str) -> None:
    for index in range(COUNT):
        foil = generator.foil(generator.scene(index, kind=kind), kind, "en")
        assert changed(foil.true, foil.false) == {part}
        assert replace(foil.true, mentions=()) == replace(foil.false, mentions=())


def test_a_relation_foil_changes_the_relation_alone(generator: SceneGenerator) -> None:
    for index in range(COUNT):
        foil = generator.foil(generator.scene(index, kind=FoilKind.RELATION), FoilKind.RELATION, "en")
        assert foil.true.relation != foil.false.relation
        assert foil.true.mentions == foil.false.mentions


def test_swaps_hold_the_same_words(generator: SceneGenerator) -> None:
    for index in range(COUNT):
        foil = generator.foil(generator.scene(index, kind=FoilKind.SWAPPED), FoilKind.SWAPPED, "en")
        assert set(foil.true.mentions) == set(foil.false.mentions)
        assert foil.true.relation == foil.false.relation


def test_swapped_attributes_are_the_same_attributes(generator: SceneGenerator) -> None:
    for index in range(COUNT):
        foil = generator.foil(generator.scene(index, kind=FoilKind.ATTRIBUTES), FoilKind.ATTRIBUTES, "en")
        (part,) = changed(foil.true, foil.false)
        assert sorted(str(getattr(each, part)) for each in foil.true.mentions) == sorted(
            str(getattr(each, part)) for each in foil.false.mentions
        )


def test_a_negation_foil_denies_what_is_there(generator: SceneGenerator) -> None:
    for index in range(COUNT):
        scene = generator.scene(index, kind=FoilKind.NEGATION)
        foil = generator.foil(scene, FoilKind.NEGATION, "en")
        assert foil.false.absent in {group.thing for group in scene.truth.groups}


@pytest.mark.parametrize("allow", [Allow.SEEN, Allow.HELD_OUT])
def test_foils_keep_to_what_is_allowed(allow: Allow) -> None:
    split = standard_held_out()
    generator = SceneGenerator(side=48, seed=6, held_out=split, allow=allow)

    for kind in FoilKind:
        for index in range(5):
            foil = generator.foil(generator.scene(index, kind=kind), kind, "en")
            speaks = split.in_statement(foil.true) or split.in_statement(foil.false)
            assert speaks == (allow is Allow.HELD_OUT)


def test_says_so_where_a_scene_offers_no_foil(generator: SceneGenerator) -> None:
    alone = next(
        scene for scene in map(SceneGenerator(side=48, kinds=(1,)).scene, range(99)) if len(scene.truth.groups) == 1
    )

    assert not generator.offers(alone, FoilKind.SWAPPED)
    with pytest.raises(BadInput, match="cannot be foiled by swapped"):
        generator.foil(alone, FoilKind.SWAPPED, "en")


def test_a_mention_of_what_is_there_is_no_foil(generator: SceneGenerator) -> None:
    scene = generator.scene(0)
    group = scene.truth.groups[-1]

    assert not fails(scene.truth, Statement((Mention(group.thing, group.count),)))
