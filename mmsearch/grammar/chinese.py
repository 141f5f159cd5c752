"""Takes Chinese queries apart: 没有人的街道 (a street without people) wants 街道 and no 人."""

import re
from collections.abc import Iterator
from itertools import pairwise

from mmsearch.grammar.base import ParsedQuery, Phrase, PhraseKind

_BUT = "(?:[，,；;]?(?:但是|但|却|可是|不过|并且|并|而且|而|又|也|且))?"
_HAS_NOT = "没有|没(?=[人带戴穿拿])|看不到|看不见|不见|不带|不含|不包含|不包括|不要|不想要"
_IS_NOT = "(?:不|没有?)(?=[戴穿拿骑])|不(?=[是在])"  # the verb is part of what is denied
_NONE = "无(?!花果|人机|线|论|数|限|尾熊|边|袖|糖|名|际)"
_END = r"[，,。．.；;、？?！!]|但|却|不过|而(?!且)|$"
# 一把剃刀也没有 (not a single razor): what is excluded stands before.
_NOT_ONE = re.compile(
    rf"{_BUT}[，,]?(?:一[^，,。；;]|任何|半个|什么)"
    r"(?P<thing>[^，,。；;]{1,12}?)(?:也|都)(?:没有|没|看不到|看不见|不见)"
)
_NOBODY = re.compile(r"空无一人的?|(?:一个)?人(?:也|都)没有的?")
_EXCEPT = re.compile(r"除了(?P<thing>[^，,。；;]{1,12}?)(?:以外|之外|外|，|,)(?:的|，|,)?")
_CUE = re.compile(rf"{_BUT}(?:[，,])?(?:里|中|上)?(?:(?P<denies>{_IS_NOT})|{_HAS_NOT}|{_NONE})(?:任何|一点|什么)?")
_QUALITY = re.compile(r"(?:[大小新旧长短高矮胖瘦]|[红橙黄绿蓝紫棕褐黑白灰粉金银]色?|.{1,2}色)$")
_AND = re.compile(r"[、和或与及]|以及|或者")
_NUMBER = re.compile(r"(?:[一二两三四五六七八九十几]|\d+|好几)[^，,。的有]$")  # 一只, 两辆
_PLACES = (
    "左边|左侧|左面|右边|右侧|右面|上方|上面|下方|下面|前面|前方|后面|后方|旁边|里面|外面|中间|之间|附近|对面|"
    "[里外上下前后旁](?=[的有是放画站坐没，,。]|$)"  # not the first sign of another word: 上衣
)
_PLACE = re.compile(rf"(?:的)?(?:{_PLACES})")
_FRAME = re.compile(
    r"^(?:可以看到|这张图里|这里|图中|图里|图上|图片里|画面上|画面里|画里|照片里|照片中|一张画着|一张|一幅|画的是|有|的|，|,)+|"
    r"(?:的(?:图片|照片|画面|图|插画|画|相片)|[，,。；;、的])+$"
)
_SPLIT = re.compile(
    rf"[，,。．.；;、？?！!]|还有|另外|同时|和|与|及|以及|{_PLACE.pattern}(?:的)?(?:有|画着|是)?|在|有|正在"
)
_GENERIC = frozenset({"图片", "照片", "画面", "图", "画", "插画", "相片", "一张图片", "一张照片", "东西", ""})


def parse(text: str) -> ParsedQuery:
    """Take a Chinese query apart."""
    excluded, wanted = list[str](), text
    for pattern in (_NOBODY, _NOT_ONE, _EXCEPT):
        excluded += [found.groupdict().get("thing", "人") for found in pattern.finditer(wanted)]
        wanted = pattern.sub("，", wanted)
    while cue := _CUE.search(wanted):
        things, rest = _excluded(wanted[: cue.start()], wanted[cue.end() :], bool(cue["denies"]))
        if not things:
            break
        excluded += things
        wanted = _joined(wanted[: cue.start()], rest)
    if not excluded:
        return ParsedQuery(text, "zh", text, (), tuple(_phrases(text)))
    wanted = _bare(wanted)
    phrases = [*_phrases(wanted, alone=True), *(Phrase(each, PhraseKind.EXCLUDED) for each in excluded)]
    return ParsedQuery(text, "zh", wanted or "图片", tuple(excluded), tuple(phrases))


def _excluded(before: str, after: str, denied: bool) -> tuple[list[str], str]:
    """Return what is excluded by words behind a cue, and those that are not about it."""
    end = re.search(_END, after)
    clause = after[: end.start()] if end else after
    rest = after[len(clause) :]
    head, mark, tail = clause.partition("的")
    if mark and tail and denied and head.startswith("是"):
        return [clause.removeprefix("是")], tail + rest  # 不是黑色的猫
    if mark and tail and _describes(before, head, rest, denied):
        return _list(head), tail + rest
    return _list(clause.removesuffix("的")), rest


def _describes(before: str, head: str, rest: str, denied: bool) -> bool:
    """Return whether what is excluded says something of what follows: 没有人的街道, but not 有狗，没有红色的汽车."""
    if denied:
        return True
    told = (not before or before.endswith(("在", "和")) or bool(_NUMBER.search(before))) and "有" not in rest
    return told and not _QUALITY.search(head)


def _list(things: str) -> list[str]:
    return [each.strip() for each in _AND.split(things) if each.strip()]


def _joined(before: str, after: str) -> str:
    """Return what stood around an exclusion as one text."""
    kept = before.rstrip("，,、；; ")
    apart = kept and after and not re.match(_END, after) and kept[-1] not in "的在里中上" and not _NUMBER.search(kept)
    return f"{kept}，{after}" if apart else kept + after


def _bare(text: str) -> str:
    """Return a text without marks and conjunctions at either end; nothing if it does not say anything."""
    kept = re.sub(r"^(?:[，,。；;、\s]|但是|但|却|而且|而|也)+|[，,。；;、\s]+$", "", text)
    kept = re.sub(r"[，,]{2,}", "，", kept)
    return "" if _FRAME.sub("", kept) in _GENERIC else kept


def _phrases(text: str, *, alone: bool = False) -> Iterator[Phrase]:
    """Yield the things of a text, and each relation between neighbours; of a single thing nothing unless `alone`."""
    things = [(thing, start) for thing, start in _chunks(text)]
    if len(things) > 1 or alone:
        yield from (Phrase(thing) for thing, _ in things)
    for (one, start), (other, after) in pairwise(things):
        between, stop = text[start + len(one) : after], after + len(other)
        behind = _PLACE.match(text, stop) if between == "在" else None  # 杯子在书的左边
        if behind or _PLACE.search(between):
            yield Phrase(text[start : behind.end() if behind else stop], PhraseKind.RELATION)


def _chunks(text: str) -> Iterator[tuple[str, int]]:
    """Yield the things that a text names, with where they stand."""
    at = 0
    for found in [*_SPLIT.finditer(text), None]:
        end = found.start() if found else len(text)
        chunk = text[at:end]
        inner = _FRAME.sub("", _FRAME.sub("", chunk.strip()))
        if inner not in _GENERIC:
            yield inner, at + chunk.index(inner)
        at = found.end() if found else end
