"""Says statements about scenes in English."""

from collections.abc import Sequence

from mmsearch.scenes.backgrounds import BACKGROUNDS
from mmsearch.scenes.styles import chosen
from mmsearch.scenes.truth import Mention, Relation, Statement
from mmsearch.scenes.vocabulary import UNCOUNTED, vocabulary

_NUMBERS = ("no", "one", "two", "three", "four", "five")
_SOUNDS_LIKE_YOU = ("unicorn",)  # begin with a vowel in writing alone
_SILENT_H = ("hourglass",)
_SIZE_WORDS = {"small": ("small", "little", "tiny"), "medium": ("medium-sized",), "big": ("big", "large")}

LISTS = (
    "{many}",
    "{many}{where}",
    "a picture of {many}{where}",
    "an image showing {many}{where}",
    "there {is} {many}{where}",
    "a scene with {many}{where}",
    "a drawing of {many}{where}",
    "this picture shows {many}{where}",
    "you can see {many}{where}",
    "an illustration of {many}{where}",
    "a cartoon of {many}{where}",
    "here {is} {many}{where}",
    "the picture has {many} in it",
)
RELATED = (
    "{one} {to} {other}{where}{rest}",
    "{one} {is} {to} {other}{where}{rest}",
    "{one}, {to} {other}{where}{rest}",
    "there {is} {one} {to} {other}{where}{rest}",
    "a picture of {one} {to} {other}{where}{rest}",
    "an image of {one} {to} {other}{where}{rest}",
    "this picture shows {one} {to} {other}{where}{rest}",
    "a scene with {one} {to} {other}{where}{rest}",
    "{to} {other} {is} {one}{where}{rest}",
    "{to} {other} there {is} {one}{where}{rest}",
    "you can see {one} {to} {other}{where}{rest}",
    "a drawing of {one} {to} {other}{where}{rest}",
)
ABSENT = (
    "{many} but no {absent}{where}",
    "{many} and no {absent}{where}",
    "{many} without any {absent}{where}",
    "a picture of {many} but no {absent}{where}",
    "a picture of {many} without {absent}{where}",
    "there {is} {many} but no {absent}{where}",
    "{many}, but there are no {absent}{where}",
    "a scene with {many} and without any {absent}{where}",
    "there are no {absent}, but there {is} {many}{where}",
    "no {absent}, but {many}{where}",
    "an image with {many} but not a single {absent_one}{where}",
)
ONLY_ABSENT = (
    "no {absent}{where}",
    "a picture without {absent}{where}",
    "there are no {absent}{where}",
    "a scene without any {absent}{where}",
    "not a single {absent_one}{where}",
)
RELATIONS = {
    Relation.LEFT: ("to the left of", "on the left of", "left of", "on the left side of"),
    Relation.RIGHT: ("to the right of", "on the right of", "right of", "on the right side of"),
    Relation.ABOVE: ("above", "over", "higher up than"),
    Relation.BELOW: ("below", "under", "beneath", "lower down than"),
    Relation.FRONT: ("in front of", "partly hiding", "partly covering"),
    Relation.BEHIND: ("behind", "partly hidden by", "partly covered by"),
    Relation.INSIDE: ("inside", "in", "within"),
    Relation.OUTSIDE: ("outside", "not inside"),
}
_RESTS = (", along with {rest}", ", together with {rest}", ", and also {rest}", ", plus {rest}")


def say(statement: Statement, style: int) -> str:
    """Return the statement in words; equal styles take the same template and the same synonyms."""
    related = statement.mentions[:2] if statement.relation else ()
    named = [phrase(mention, style) for mention in statement.mentions]
    rest = named[2:] if related else []
    absent = vocabulary()[statement.absent] if statement.absent else None
    return chosen(_templates(statement), style, 0).format(
        many=joined(named),
        one=named[0] if named else "",
        other=named[1] if related else "",
        to=chosen(RELATIONS[statement.relation], style, 1) if statement.relation else "",
        rest=chosen(_RESTS, style, 2).format(rest=joined(rest)) if rest else "",
        where=f" {BACKGROUNDS[statement.background].en}" if statement.background else "",
        absent=absent.many if absent else "",
        absent_one=absent.name if absent else "",
        **{"is": "is" if statement.mentions and statement.mentions[0].count == 1 else "are"},
    )


def _templates(statement: Statement) -> Sequence[str]:
    if statement.absent:
        return ABSENT if statement.mentions else ONLY_ABSENT
    if statement.relation:
        return RELATED
    return LISTS[1:-1] if statement.background else LISTS


def phrase(mention: Mention, style: int = 0) -> str:
    """Return "a big red car", "three tiny fish", "some keys" or "a pair of red socks"."""
    thing = vocabulary()[mention.thing]
    noun = thing.name if mention.count == 1 else thing.many
    if mention.colour:
        head = next((start for start in UNCOUNTED if noun.startswith(start)), "")
        noun = f"{head}{mention.colour} {noun[len(head) :]}"
    if mention.size:
        noun = f"{chosen(_SIZE_WORDS[mention.size], style, 3)} {noun}"
    if mention.count is None:
        return f"{chosen(('some', 'several'), style, 4)} {noun}"
    return f"{_article(noun)} {noun}" if mention.count == 1 else f"{_NUMBERS[mention.count]} {noun}"


def _article(noun: str) -> str:
    vowel = noun[0] in "aeiouAEIO" and not noun.startswith(_SOUNDS_LIKE_YOU)
    return "an" if vowel or noun.startswith(_SILENT_H) else "a"


def joined(parts: Sequence[str]) -> str:
    """Return "a, b and c"."""
    return " and ".join(filter(None, [", ".join(parts[:-1]), *parts[-1:]]))
