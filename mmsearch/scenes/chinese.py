"""Says statements about scenes in Chinese."""

from collections.abc import Sequence

from mmsearch.scenes.backgrounds import BACKGROUNDS
from mmsearch.scenes.colours import COLOURS
from mmsearch.scenes.styles import chosen
from mmsearch.scenes.truth import Mention, Relation, Statement
from mmsearch.scenes.vocabulary import FRAME, vocabulary

_NUMBERS = ("零", "一", "两", "三", "四", "五")
_NEEDS_COLOUR_WORD = ("橙", "棕", "粉")  # stand before a noun as 橙色 alone
_SIZES = {"small": "小", "medium": "中等大小的", "big": "大"}

LISTS = (
    "{many}",
    "图中有{many}",
    "画面上有{many}",
    "画里有{many}",
    "这张图里有{many}",
    "图片里有{many}",
    "可以看到{many}",
    "一张画着{many}的图片",
    "图上画的是{many}",
    "有{many}的画面",
    "一幅有{many}的插画",
    "这里有{many}",
)
LISTS_SOMEWHERE = (
    "{where}有{many}",
    "{where}的{many}",
    "图中{where}有{many}",
    "画面里，{where}有{many}",
    "可以看到{where}有{many}",
    "一张{where}有{many}的图片",
    "画的是{where}的{many}",
    "这张图里，{where}有{many}",
)
RELATED = (
    "{where}{one}{at}{rest}",
    "{where}{under}有{one}{rest}",
    "图中{where}{one}{at}{rest}",
    "画面上，{where}{one}{at}{rest}",
    "{where}{under}画着{one}{rest}",
    "图里{where}{under}有{one}{rest}",
    "可以看到{where}{one}{at}{rest}",
    "这张图里，{where}{one}{at}{rest}",
    "画里，{where}{under}有{one}{rest}",
    "{where}有{one}{at}{rest}",
)
ABSENT = (
    "{where}有{many}，没有{absent}",
    "{where}有{many}，但没有{absent}",
    "图中{where}有{many}，但是没有{absent}",
    "{where}有{many}却没有{absent}",
    "{where}有{many}，看不到{absent}",
    "{where}没有{absent}，但有{many}",
    "画面里{where}没有{absent}，有{many}",
    "{where}有{many}，一{measure}{absent}也没有",
    "图片里{where}有{many}，不见{absent}",
)
ONLY_ABSENT = (
    "{where}没有{absent}",
    "图中{where}没有{absent}",
    "画面里{where}看不到{absent}",
    "{where}一{measure}{absent}也没有",
)
PLACES = {
    Relation.LEFT: ("左边", "左侧", "左面"),
    Relation.RIGHT: ("右边", "右侧", "右面"),
    Relation.ABOVE: ("上方", "上面"),
    Relation.BELOW: ("下方", "下面"),
    Relation.FRONT: ("前面", "前方"),
    Relation.BEHIND: ("后面", "后方"),
    Relation.INSIDE: ("里面", "里"),
    Relation.OUTSIDE: ("外面", "外"),
}
_RESTS = ("，还有{rest}", "，另外还有{rest}", "，同时还有{rest}")


def say(statement: Statement, style: int) -> str:
    """Return the statement in words; equal styles take the same template and the same synonyms."""
    named = [phrase(mention, style) for mention in statement.mentions]
    rest = named[2:] if statement.relation else []
    absent = vocabulary()[statement.absent] if statement.absent else None
    under = _under(statement.relation, statement.mentions[1], style) if statement.relation else ""
    return chosen(_templates(statement), style, 0).format(
        many=joined(named),
        one=named[0] if named else "",
        at=f"在{under}",
        under=under,
        rest=chosen(_RESTS, style, 2).format(rest=joined(rest)) if rest else "",
        where=_where(statement),
        absent=absent.zh if absent else "",
        measure=absent.measure if absent else "",
    )


def _templates(statement: Statement) -> Sequence[str]:
    if statement.absent:
        return ABSENT if statement.mentions else ONLY_ABSENT
    if statement.relation:
        return RELATED
    return LISTS_SOMEWHERE if statement.background else LISTS


def _where(statement: Statement) -> str:
    if not statement.background:
        return ""
    return BACKGROUNDS[statement.background].zh + ("，" if statement.relation else "")


def _under(relation: Relation, other: Mention, style: int) -> str:
    """Return the place beside the second mention: 一只猫的左边, or 画框里."""
    place = chosen(PLACES[relation], style, 1)
    if other.thing == FRAME and relation in (Relation.INSIDE, Relation.OUTSIDE):
        return f"{phrase(other, style) if other.colour else vocabulary()[FRAME].zh}{place}"
    return f"{phrase(other, style)}{'的' if chosen((True, True, False), style, 5) else ''}{place}"


def phrase(mention: Mention, style: int = 0) -> str:
    """Return 一辆红色的大汽车, 三条小鱼, 几把钥匙 or 一双红手套."""
    thing = vocabulary()[mention.thing]
    size, noun = _SIZES[mention.size] if mention.size else "", thing.zh
    if size and ("的" in noun or noun[0] in "大小") and not size.endswith("的"):
        size = f"很{size}的"
    if mention.count is None:
        number = f"{chosen(('几', '好几'), style, 4)}{thing.measure}"
    else:
        number = f"{_NUMBERS[mention.count]}{thing.measure}"
    return f"{number}{_colour(mention, bool(size) or '的' in noun, style)}{size}{noun}"


def _colour(mention: Mention, more: bool, style: int) -> str:
    """Return 红色的, 红色 or 红; the shorter ones only right before a plain noun."""
    if mention.colour is None:
        return ""
    word = COLOURS[mention.colour].zh
    if more:
        return f"{word}色的"
    full = f"{word}色"
    return chosen((full if word in _NEEDS_COLOUR_WORD else word, full, f"{full}的"), style, 6)


def joined(parts: Sequence[str]) -> str:
    """Return 甲、乙和丙."""
    return "和".join(filter(None, ["、".join(parts[:-1]), *parts[-1:]]))
