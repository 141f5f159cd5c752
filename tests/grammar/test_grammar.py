import numpy as np
import pytest

from mmsearch.grammar import PhraseKind, parse_query
from mmsearch.scenes import SceneGenerator
from mmsearch.scenes.describing import Detail, say, statement_about
from mmsearch.scenes.styles import STYLES
from mmsearch.scenes.vocabulary import vocabulary


@pytest.mark.parametrize(
    ("query", "wanted", "excluded"),
    [
        ("a dog without a leash", "a dog", ["leash"]),
        ("a street without people in the rain", "a street in the rain", ["people"]),
        ("two salads, but there are no paper clips", "two salads", ["paper clips"]),
        ("there are no knots, but there are three bulbs", "there are three bulbs", ["knots"]),
        ("not a single steak", "a picture", ["steak"]),
        ("a bowl without apples or bananas", "a bowl", ["apples", "bananas"]),
        ("no dogs and with cats", "cats", ["dogs"]),
        ("a cat that is not black", "a cat", ["a cat that is black"]),
        ("a bus that isn't red", "a bus", ["a bus that is red"]),
        ("a car that does not have wheels", "a car", ["wheels"]),
        ("a room with no one in it", "a room", ["people"]),
        ("a street with nobody", "a street", ["people"]),
        ("dog -leash", "dog", ["leash"]),
        ("a boy without a hat or a coat holding an umbrella", "a boy holding an umbrella", ["hat", "coat"]),
        ("没有人的街道", "街道", ["人"]),
        ("有五部手机却没有直尺", "有五部手机", ["直尺"]),
        ("没有班卓琴，但有两件女式上衣", "有两件女式上衣", ["班卓琴"]),
        ("有三把折扇，一把剃须刀也没有", "有三把折扇", ["剃须刀"]),
        ("没有猫和狗的房间", "房间", ["猫", "狗"]),
        ("没有红色的汽车", "图片", ["红色的汽车"]),
        ("一只没有项圈的狗在草地上", "一只狗在草地上", ["项圈"]),
        ("不戴眼镜的女人", "女人", ["戴眼镜"]),
        ("不是黑色的猫", "猫", ["黑色的猫"]),
        ("空无一人的街道", "街道", ["人"]),
        ("除了猫以外的动物", "动物", ["猫"]),
    ],
)
def test_says_what_is_wanted_and_what_is_not(query, wanted, excluded):
    parsed = parse_query(query)

    assert parsed.wanted == wanted
    assert list(parsed.excluded) == excluded
    assert [phrase.text for phrase in parsed.phrases if phrase.kind is PhraseKind.EXCLUDED] == excluded


@pytest.mark.parametrize(
    "query",
    ["a no parking sign", "three apples", "无人机", "无花果", "nothing", "without", "no", "没有", "", "不", "-"],
)
def test_leaves_whole_what_excludes_nothing(query):
    parsed = parse_query(query)

    assert parsed.wanted == parsed.text == query
    assert parsed.excluded == ()


@pytest.mark.parametrize(
    ("query", "things", "relations"),
    [
        ("a cup left of a book", ["a cup", "a book"], ["a cup left of a book"]),
        ("a cup of tea next to two laptops", ["a cup of tea", "two laptops"], ["a cup of tea next to two laptops"]),
        ("a picture of a scarf below a kite", ["a scarf", "a kite"], ["a scarf below a kite"]),
        ("桌子上有三个苹果", ["桌子", "三个苹果"], ["桌子上有三个苹果"]),
        ("杯子在书的左边", ["杯子", "书"], ["杯子在书的左边"]),
        ("两件上衣和一只猫", ["两件上衣", "一只猫"], []),
        ("red car", [], []),
    ],
)
def test_names_the_phrases(query, things, relations):
    phrases = parse_query(query).phrases

    assert [phrase.text for phrase in phrases if phrase.kind is PhraseKind.THING] == things
    assert [phrase.text for phrase in phrases if phrase.kind is PhraseKind.RELATION] == relations


@pytest.mark.parametrize("language", ["en", "zh"])
def test_finds_what_captions_of_scenes_exclude(language):
    rng, found, asked = np.random.default_rng(0), 0, 0
    for scene in SceneGenerator(32, 11).scenes(100):
        absent = statement_about(scene.truth, rng, Detail.NEGATED)
        thing = vocabulary()[absent.absent]
        parsed = parse_query(say(absent, language, int(rng.random() * STYLES)))
        found += parsed.excluded in [(thing.many,), (thing.name,), (thing.zh,)]
        asked += 1
        present = parse_query(say(statement_about(scene.truth, rng, Detail.FULL), language, asked))
        assert present.excluded == ()

    assert found >= 0.95 * asked
