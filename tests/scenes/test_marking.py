from itertools import pairwise

import pytest

from mmsearch.errors import BadInput, UnknownName
from mmsearch.scenes import (
    Detail,
    FoilKind,
    Mention,
    Relation,
    SceneGenerator,
    Statement,
    chinese,
    english,
    say,
    vocabulary,
)
from mmsearch.scenes.colours import COLOURS
from mmsearch.scenes.marking import marked
from mmsearch.scenes.vocabulary import UNCOUNTED

APPLES = Mention("apple", 3, "red")
DOG = Mention("dog")
STYLES = range(0, 2**31, 2**31 // 60)


def spans(caption: str, statement: Statement, language: str) -> list[tuple[str, str]]:
    return [(caption[mark.start : mark.end], mark.kind) for mark in marked(caption, statement, language)]


@pytest.mark.parametrize(
    ("statement", "language", "expected"),
    [
        (Statement((APPLES, DOG)), "en", [("red", "colour"), ("apples", "noun"), ("dog", "noun")]),
        (Statement((APPLES, DOG)), "zh", [("红", "colour"), ("苹果", "noun"), ("狗", "noun")]),
        (Statement((Mention("pair of gloves", 1, "red", "big"),)), "en", [("red", "colour"), ("gloves", "noun")]),
        (Statement((DOG,), absent="apple"), "en", [("dog", "noun"), ("apples", "noun")]),
        (Statement((DOG,), absent="apple"), "zh", [("狗", "noun"), ("苹果", "noun")]),
        (Statement((DOG, Mention("frame")), Relation.INSIDE), "zh", [("狗", "noun"), ("画框", "noun")]),
        (Statement((), absent="dog"), "en", [("dogs", "noun")]),
    ],
)
def test_marks_names_and_colours_from_left_to_right(
    statement: Statement, language: str, expected: list[tuple[str, str]]
) -> None:
    assert spans(say(statement, language), statement, language) == expected


def claimed(statement: Statement, language: str) -> list[str]:
    """Return the nouns and colours of a statement as they may be said, sorted; a plural absent thing."""
    things = vocabulary()
    words = []
    for mention in statement.mentions:
        thing = things[mention.thing]
        noun = thing.zh if language == "zh" else thing.name if mention.count == 1 else thing.many
        words.append(noun)
        if mention.colour:
            words.append(COLOURS[mention.colour].zh if language == "zh" else mention.colour)
    if statement.absent:
        words.append(things[statement.absent].zh if language == "zh" else things[statement.absent].many)
    return sorted(word.removeprefix(UNCOUNTED[0]).removeprefix(UNCOUNTED[1]) for word in words)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_marks_all_that_captions_of_scenes_claim_and_nothing_else(language: str) -> None:
    details = tuple(Detail)
    generator = SceneGenerator(side=32, seed=3, details=details)
    things = vocabulary()

    for scene in generator.scenes(150):
        for statement, caption in zip(scene.statements, scene.captions[language], strict=True):
            found = [text for text, _ in spans(caption, statement, language)]
            if language == "en" and statement.absent and "a single" in caption:
                name = things[statement.absent].name
                at = found.index(name.removeprefix(UNCOUNTED[0]))
                found[at] = things[statement.absent].many.removeprefix(UNCOUNTED[0]).removeprefix(UNCOUNTED[1])
            assert sorted(found) == claimed(statement, language), caption


@pytest.mark.parametrize("language", ["en", "zh"])
def test_marks_true_captions_and_foils_of_every_kind(language: str) -> None:
    generator = SceneGenerator(side=32, seed=5)

    for kind in FoilKind:
        for index in range(20):
            foil = generator.foil(generator.scene(index, kind=kind), kind, language)
            for caption, statement in ((foil.caption, foil.true), (foil.foil, foil.false)):
                marks = marked(caption, statement, language)
                nouns = sum(mark.kind == "noun" for mark in marks)
                assert nouns == len(statement.mentions) + (statement.absent is not None), caption
                assert all(one.end <= other.start for one, other in pairwise(marks)), caption


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("count", [1, 2, None])
def test_the_noun_of_every_thing_stands_at_the_end_of_its_phrase(language: str, count: int | None) -> None:
    phrase = english.phrase if language == "en" else chinese.phrase

    for name, thing in vocabulary().items():
        mention = Mention(name, count, "red" if thing.recolour else None)
        statement = Statement((mention,), background="snow")
        for style in STYLES[:12]:
            caption = say(statement, language, style)
            said = phrase(mention, style)
            start = caption.index(said)

            marks = marked(caption, statement, language)

            assert marks[-1].end == start + len(said), caption
            assert len(marks) == 1 + (mention.colour is not None)


def test_a_short_name_is_not_found_within_a_long_one() -> None:
    statement = Statement((Mention("hot dog"), DOG))
    caption = say(statement, "en")

    assert spans(caption, statement, "en") == [("hot dog", "noun"), ("dog", "noun")]


def test_every_choice_of_words_is_known() -> None:
    for size in ("small", "medium", "big"):
        for count in (1, 4, None):
            statement = Statement((Mention("car", count, "orange", size),))
            for style in STYLES:
                for language in ("en", "zh"):
                    assert len(marked(say(statement, language, style), statement, language)) == 2


def test_refuses_a_caption_of_something_else() -> None:
    with pytest.raises(BadInput, match="does not say 'three red apples'"):
        marked("a dog", Statement((APPLES,)), "en")


def test_refuses_a_language_without_words() -> None:
    with pytest.raises(UnknownName, match="language of captions is called 'fr'"):
        marked("un chien", Statement((DOG,)), "fr")
