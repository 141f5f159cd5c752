import pytest

from mmsearch.errors import UnknownName
from mmsearch.scenes import Mention, Relation, Statement, chinese, english, say
from mmsearch.scenes.english import phrase

APPLES = Mention("apple", 3, "red")
DOG = Mention("dog")
SOCKS = Mention("pair of gloves", 1, "red", "big")


@pytest.mark.parametrize(
    ("mention", "en", "zh"),
    [
        (DOG, "a dog", "一只狗"),
        (Mention("owl"), "an owl", "一只猫头鹰"),
        (Mention("unicorn"), "a unicorn", "一匹独角兽"),
        (Mention("hourglass"), "an hourglass", "一个沙漏"),
        (Mention("dog", 2), "two dogs", "两只狗"),
        (APPLES, "three red apples", "三个红苹果"),
        (Mention("car", 1, "orange"), "an orange car", "一辆橙色汽车"),
        (Mention("car", 2, "red", "big"), "two big red cars", "两辆红色的大汽车"),
        (SOCKS, "a big pair of red gloves", "一副红色的大手套"),
        (Mention("elephant", 1, size="small"), "a small elephant", "一头很小的大象"),
        (Mention("slice of pizza", 5), "five slices of pizza", "五块披萨"),
        (Mention("fish", None), "some fish", "几条鱼"),
    ],
)
def test_names_things_as_people_do(mention: Mention, en: str, zh: str) -> None:
    assert phrase(mention) == en
    assert chinese.phrase(mention) == zh


@pytest.mark.parametrize(
    ("statement", "en", "zh"),
    [
        (Statement((APPLES, DOG)), "three red apples and a dog", "三个红苹果和一只狗"),
        (
            Statement((APPLES, DOG), Relation.LEFT),
            "three red apples to the left of a dog",
            "三个红苹果在一只狗的左边",
        ),
        (
            Statement((DOG, Mention("frame")), Relation.INSIDE, background="grass"),
            "a dog inside a frame on the grass",
            "草地上，一只狗在画框里面",
        ),
        (Statement((APPLES,), absent="dog"), "three red apples but no dogs", "有三个红苹果，没有狗"),
        (Statement((), absent="dog"), "no dogs", "没有狗"),
        (Statement((DOG, APPLES, Mention("cat"))), "a dog, three red apples and a cat", "一只狗、三个红苹果和一只猫"),
        (
            Statement((DOG, APPLES, Mention("cat")), Relation.ABOVE),
            "a dog above three red apples, along with a cat",
            "一只狗在三个红苹果的上方，还有一只猫",
        ),
    ],
)
def test_says_statements_plainly_in_style_0(statement: Statement, en: str, zh: str) -> None:
    assert say(statement, "en") == en
    assert say(statement, "zh") == zh


def test_equal_styles_use_equal_words() -> None:
    one, other = Statement((APPLES, DOG), Relation.LEFT), Statement((APPLES, DOG), Relation.RIGHT)

    pairs = [(say(one, "en", style), say(other, "en", style)) for style in range(200)]

    assert all(first.replace("left", "right") == second for first, second in pairs)


def test_there_are_at_least_forty_forms_in_each_language() -> None:
    statements = (
        Statement((APPLES,)),
        Statement((APPLES,), background="snow"),
        Statement((APPLES, DOG), Relation.LEFT),
        Statement((APPLES, DOG), Relation.FRONT),
        Statement((APPLES,), absent="dog"),
        Statement((), absent="dog"),
    )

    for language in ("en", "zh"):
        assert len({say(each, language, style) for each in statements for style in range(500)}) >= 40


def test_verbs_agree_with_the_first_thing() -> None:
    said = {
        english.say(Statement((mention, DOG), Relation.LEFT), style) for mention in (APPLES,) for style in range(99)
    }

    assert not any("there is" in caption or "apples is" in caption for caption in said)


def test_refuses_a_language_it_does_not_speak() -> None:
    with pytest.raises(UnknownName, match="language of captions is called 'fr'"):
        say(Statement((DOG,)), "fr")
