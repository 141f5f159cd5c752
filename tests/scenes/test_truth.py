from mmsearch.scenes import Mention, Relation, SceneTruth, Statement, Verdict, fails, holds, judge
from mmsearch.scenes.truth import Box, Group, may_show

DOGS = Group("dog", None, "small", (Box(0.1, 0.1, 0.2, 0.2), Box(0.1, 0.3, 0.2, 0.4)), 1)
CAR = Group("car", "red", "big", (Box(0.5, 0.1, 0.9, 0.5),), 2)
DUCK = Group("duck", None, "medium", (Box(0.7, 0.3, 0.95, 0.55),), 3)
FRAME = Group("frame", "blue", "big", (Box(0.05, 0.05, 0.45, 0.6),), 0)
SCENE = SceneTruth("grass", (FRAME, DOGS, CAR, DUCK))


def of(name: str, other: str, relation: Relation) -> Verdict:
    mentions = tuple(Mention(each, 2 if each == "dog" else 1) for each in (name, other))
    return judge(SCENE, Statement(mentions, relation))


def test_counts_are_exact() -> None:
    assert holds(SCENE, Statement((Mention("dog", 2),)))
    assert fails(SCENE, Statement((Mention("dog", 3),)))
    assert fails(SCENE, Statement((Mention("dog", 1),)))


def test_some_means_two_or_more() -> None:
    assert holds(SCENE, Statement((Mention("dog", None),)))
    assert fails(SCENE, Statement((Mention("car", None),)))


def test_another_colour_is_false_only_where_nobody_would_mistake_it() -> None:
    assert holds(SCENE, Statement((Mention("car", colour="red"),)))
    assert fails(SCENE, Statement((Mention("car", colour="blue"),)))
    assert judge(SCENE, Statement((Mention("car", colour="orange"),))) is Verdict.OPEN


def test_nothing_is_said_of_natural_colours() -> None:
    assert judge(SCENE, Statement((Mention("dog", 2, "brown"),))) is Verdict.OPEN


def test_sizes_are_told_where_small_and_big_stand_side_by_side() -> None:
    assert holds(SCENE, Statement((Mention("dog", 2, size="small"), Mention("car", size="big"))))
    assert fails(SCENE, Statement((Mention("dog", 2, size="big"),)))
    assert judge(SceneTruth("plain", (CAR,)), Statement((Mention("car", size="big"),))) is Verdict.OPEN


def test_a_thing_that_is_not_there_makes_a_statement_false() -> None:
    assert fails(SCENE, Statement((Mention("dog", 2), Mention("banana"))))


def test_a_duck_is_a_bird_too() -> None:
    assert judge(SCENE, Statement((Mention("bird"),))) is Verdict.OPEN
    assert judge(SCENE, Statement((), absent="bird")) is Verdict.OPEN
    assert fails(SCENE, Statement((), absent="duck"))


def test_absence_holds_where_nothing_could_be_meant() -> None:
    assert holds(SCENE, Statement((Mention("dog", 2),), absent="banana"))
    assert fails(SCENE, Statement((Mention("banana"),), absent="dog"))
    assert judge(SceneTruth("snow", (CAR,)), Statement((), absent="snowflake")) is Verdict.OPEN


def test_sides_hold_for_all_or_are_open() -> None:
    assert of("dog", "car", Relation.LEFT) is Verdict.TRUE
    assert of("car", "dog", Relation.RIGHT) is Verdict.TRUE
    assert of("car", "dog", Relation.LEFT) is Verdict.FALSE
    assert of("car", "dog", Relation.ABOVE) is Verdict.OPEN


def test_equally_high_is_neither_above_nor_below() -> None:
    one = Group("apple", None, "small", (Box(0.1, 0.4, 0.2, 0.5),), 1)
    level = SceneTruth("plain", (one, Group("car", "red", "small", (Box(0.6, 0.4, 0.7, 0.5),), 2)))

    verdicts = [
        judge(level, Statement((Mention("apple"), Mention("car")), each)) for each in (Relation.ABOVE, Relation.BELOW)
    ]

    assert verdicts == [Verdict.FALSE, Verdict.FALSE]


def test_in_front_needs_cover() -> None:
    assert of("duck", "car", Relation.FRONT) is Verdict.TRUE
    assert of("car", "duck", Relation.BEHIND) is Verdict.TRUE
    assert of("car", "duck", Relation.FRONT) is Verdict.FALSE
    assert of("dog", "car", Relation.FRONT) is Verdict.OPEN


def test_inside_is_of_frames_alone() -> None:
    assert of("dog", "frame", Relation.INSIDE) is Verdict.TRUE
    assert of("dog", "frame", Relation.OUTSIDE) is Verdict.FALSE
    assert of("car", "frame", Relation.OUTSIDE) is Verdict.TRUE
    assert of("dog", "car", Relation.INSIDE) is Verdict.FALSE


def test_the_background_counts() -> None:
    assert holds(SCENE, Statement((Mention("car"),), background="grass"))
    assert fails(SCENE, Statement((Mention("car"),), background="night"))


def test_a_query_for_one_may_be_meant_for_several() -> None:
    assert may_show(SCENE, Statement((Mention("dog", 1),)))
    assert may_show(SCENE, Statement((Mention("dog", 1), Mention("car", 1))))
    assert not may_show(SCENE, Statement((Mention("dog", 3),)))
    assert not may_show(SCENE, Statement((Mention("car", 1, "blue"),)))
    assert not may_show(SCENE, Statement((Mention("dog", 1), Mention("cat", 1))))
