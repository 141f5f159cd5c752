import numpy as np
import pytest
from PIL import Image

from mmsearch.grammar import parse_query
from mmsearch.rerankers.scale import Curve, ScoreScale
from mmsearch.search import second_opinion
from mmsearch.search.second_opinion import Effort, SecondOpinion, Seen
from mmsearch.types import Hit, Item, Modality, StoredText
from tests.rerankers.fakes import ColourMatcher

ALL = Effort(seconds=60, hits=100, sure=1.1)


def item(number):
    return Item(number, "c", Modality.IMAGE, None, None, (), None, 8, 8, None, str(number))


def hits(count):
    return [Hit(rank, 1 - rank / 100, item(rank)) for rank in range(1, count + 1)]


def opinion(reds, *, unreadable=(), **settings):
    """One on pictures that are so red, the rest of each green; item 1 is the first of them."""
    matcher = ColourMatcher(**settings)

    def look(items):
        rows = [row for row, one in enumerate(items) if one.id not in unreadable]
        images = [
            Image.new(
                "RGB", (8, 8), (round(255 * reds[items[row].id - 1]), round(255 * (1 - reds[items[row].id - 1])), 0)
            )
            for row in rows
        ]
        return Seen(rows, matcher.prepare(images) if images else None)

    return SecondOpinion(matcher, look)


def order(said):
    return [hit.item.id for hit in said.hits]


def test_the_most_probable_comes_first_and_remembers_where_it_stood():
    (said,) = opinion([0.2, 0.9, 0.5]).on_pictures(parse_query("red"), hits(3), ALL)

    assert order(said) == [2, 3, 1]
    assert [hit.rank for hit in said.hits] == [1, 2, 3]
    assert [hit.found_at for hit in said.hits] == [2, 3, 1]
    assert said.hits[0].probability == pytest.approx(1 / (1 + np.exp(6 - 12 * 0.9)), abs=0.01)
    assert (said.judged, said.done, said.notice) == (3, True, None)


def test_tells_the_news_in_between():
    told = list(opinion(np.linspace(0, 1, 20)).on_pictures(parse_query("red"), hits(20), ALL))

    assert [said.judged for said in told] == [8, 16, 20]
    assert [said.done for said in told] == [False, False, True]
    assert order(told[0]) == [*range(8, 0, -1), *range(9, 21)]
    assert order(told[-1]) == list(range(20, 0, -1))
    assert all(sorted(order(said)) == list(range(1, 21)) for said in told)


def test_stops_when_the_time_is_up_or_it_is_sure():
    reds = np.full(40, 0.1)
    reds[3] = 1.0

    (brief,) = opinion(reds).on_pictures(parse_query("red"), hits(40), Effort(seconds=0, sure=1.1))
    (sure,) = opinion(reds).on_pictures(parse_query("red"), hits(40), Effort(seconds=60, sure=0.9))
    *_, few = opinion(reds).on_pictures(parse_query("red"), hits(40), Effort(seconds=60, hits=12, sure=1.1))

    assert (brief.judged, sure.judged, few.judged) == (8, 8, 12)
    assert order(sure)[0] == 4
    assert few.hits[12].probability is None


def test_what_is_excluded_counts_against_a_picture():
    (plain,) = opinion([0.6, 0.4]).on_pictures(parse_query("red"), hits(2), ALL)
    (without,) = opinion([0.6, 0.4]).on_pictures(parse_query("blue without red"), hits(2), ALL)

    assert order(plain) == [1, 2]
    assert order(without) == [2, 1]


def test_a_picture_that_cannot_be_read_stays_behind_those_judged():
    (said,) = opinion([0.5, 0.1, 0.2], unreadable={1}).on_pictures(parse_query("red"), hits(3), ALL)

    assert order(said) == [3, 2, 1]
    assert said.hits[2].probability is None


def test_when_it_breaks_what_was_judged_stays_and_it_says_so():
    *_, said = opinion(np.linspace(0, 1, 20), failing=2).on_pictures(parse_query("red"), hits(20), ALL)

    assert order(said) == [*range(8, 0, -1), *range(9, 21)]
    assert (said.judged, said.done, said.notice) == (8, True, "It broke.")


def test_judges_texts_found_for_a_picture():
    matcher = ColourMatcher()
    picture = matcher.prepare([Image.new("RGB", (8, 8), "lime")])
    texts = [StoredText("red"), StoredText("green")]
    found = [Hit(rank, 0.5, item(rank), text) for rank, text in enumerate(texts, 1)]

    (said,) = SecondOpinion(matcher, lambda items: Seen([], None)).on_texts(picture, found, ALL)

    assert [hit.text.text for hit in said.hits] == ["green", "red"]


def test_texts_of_any_length_are_scaled_alike():
    matcher = ColourMatcher()
    picture = matcher.prepare([Image.new("RGB", (8, 8), "red")])
    found = [Hit(1, 0.5, item(1), StoredText("red")), Hit(2, 0.5, item(2), StoredText("red as red can ever be"))]
    scale = ScoreScale({"en": Curve("platt", 1.0, -8.0), "en phrase": Curve("platt", 1.0, 0.0)}, {})

    (said,) = SecondOpinion(matcher, lambda items: Seen([], None), scale=scale).on_texts(picture, found, ALL)

    assert said.hits[0].probability == pytest.approx(said.hits[1].probability)
    assert said.hits[0].probability < 0.5


def test_nothing_found_needs_no_opinion():
    assert list(opinion([]).on_pictures(parse_query("red"), [], ALL)) == []


def every(at_least, seconds=60, most=200):
    return Effort(seconds, most, at_least=at_least)


def test_finding_all_keeps_those_that_are_probable_enough():
    *_, said = opinion([0.9, 0.1, 0.7, 0.4, 0.3]).on_pictures(parse_query("red"), hits(5), every(0.5))

    assert order(said) == [1, 3]  # log-odds 12 * 0.7 - 6 and more are probable
    assert (said.matching, said.judged, said.done) == (2, 5, True)
    assert [hit.confidence for hit in said.hits] == ["high", "high"]


def test_finding_all_shows_everything_until_it_is_done():
    told = list(opinion(np.linspace(1, 0, 20)).on_pictures(parse_query("red"), hits(20), every(0.5)))

    assert [len(said.hits) for said in told] == [20, 20, 10]
    assert [said.matching for said in told] == [8, 10, 10]


def test_finding_all_does_not_stop_at_a_sure_one_but_where_none_matched_for_long():
    reds = np.full(160, 0.1)
    reds[:3] = 1.0
    *_, said = opinion(reds).on_pictures(parse_query("red"), hits(160), every(0.5))

    assert said.judged == 56  # 48 in a row that do not match, in whole batches
    assert said.matching == 3


def test_finding_all_where_none_matches_shows_what_comes_closest():
    *_, said = opinion([0.2, 0.4, 0.1]).on_pictures(parse_query("red"), hits(3), every(0.5))

    assert (said.matching, order(said)) == (0, [2, 1, 3])


def scaled(reds, nothing):
    made = opinion(reds)
    made.scale = ScoreScale({spoken: Curve("platt", 0.5, -1.0) for spoken in ("en", "en phrase")}, nothing)
    return made


def last(reds, nothing, words="red"):
    *_, said = scaled(reds, nothing).on_pictures(parse_query(words), hits(len(reds)), ALL)
    return said


def test_says_that_nothing_matches_once_it_is_done():
    told = list(scaled(np.full(20, 0.3), {"en phrase": 0.2}).on_pictures(parse_query("red"), hits(20), ALL))

    assert [said.nothing for said in told] == [False, False, True]
    assert told[-1].hits[0].probability == pytest.approx(0.1, abs=0.01)


def test_of_a_phrase_the_best_decides_whether_anything_matches_and_of_a_caption_all():
    reds, caption = np.full(20, 0.3), "red as red can be"  # each at 0.1: of the first 16 one matches at 0.81

    assert [last(reds, {"en phrase": below}).nothing for below in (0.2, 0.05)] == [True, False]
    assert [last(reds, {"en": below}, caption).nothing for below in (0.9, 0.75)] == [True, False]
    assert not last(reds, {"zh": 0.9, "zh phrase": 0.9}).nothing


def test_what_is_denied_is_no_reason_to_say_that_nothing_matches():
    reds, words = np.full(20, 0.3), "red but no green"

    assert last(reds, {"en": 1}, words).hits[0].probability < last(reds, {}, "red").hits[0].probability
    assert [last(reds, {"en": 1, "en phrase": below}, words).nothing for below in (0.2, 0.05)] == [True, False]
    assert not last(reds, {"en": 0, "en phrase": 1}, words).nothing


def test_where_nothing_matches_the_order_stays():
    said = last(np.linspace(0.1, 0.4, 20), {"en phrase": 0.99})

    assert said.nothing
    assert order(said) == list(range(1, 21))
    assert [hit.rank for hit in said.hits] == [hit.found_at for hit in said.hits]
    assert said.hits[-1].probability > said.hits[0].probability


def test_nothing_is_not_said_by_few_hits():
    brief = Effort(seconds=0, sure=1.1)
    *_, few = scaled(np.full(20, 0.3), {"en phrase": 0.9}).on_pictures(parse_query("red"), hits(20), brief)
    *_, all_there_are = scaled(np.full(3, 0.3), {"en phrase": 0.9}).on_pictures(parse_query("red"), hits(3), brief)

    assert (few.judged, few.nothing) == (8, False)
    assert all_there_are.nothing


def test_where_nothing_convinces_it_may_take_longer_to_be_sure_of_it(monkeypatch):
    clock = iter(np.arange(0, 100, 0.25))  # it takes so long to judge eight
    monkeypatch.setattr(second_opinion.time, "perf_counter", lambda: next(clock))
    made, usual = scaled(np.full(40, 0.3), {"en phrase": 0.2}), Effort(seconds=0.3, sure=1.1)

    *_, doubtful = made.on_pictures(parse_query("red"), hits(40), usual)
    *_, content = made.on_pictures(parse_query("red as red can be"), hits(40), usual)
    *_, hopeless = made.on_pictures(parse_query("red"), hits(40), Effort(seconds=0.2, sure=1.1))

    assert (doubtful.judged, doubtful.nothing) == (16, True)
    assert (content.judged, content.nothing) == (8, False)
    assert (hopeless.judged, hopeless.nothing) == (8, False)


def test_nothing_is_said_of_pictures_that_could_not_be_read():
    *_, said = opinion([0.1, 0.1], unreadable={1, 2}).on_pictures(parse_query("red"), hits(2), ALL)

    assert (said.nothing, said.hits[0].probability) == (False, None)


def test_tells_how_many_hits_have_no_captions_for_one_that_reads_them():
    matcher = ColourMatcher()
    kept = matcher.prepare([Image.new("RGB", (8, 8), colour) for colour in ((0, 255, 0), (255, 0, 0))])
    matcher.reads, matcher.notice = Modality.TEXT, "It is slow."

    (told,) = SecondOpinion(matcher, lambda items: Seen([0, 2], kept)).on_pictures(parse_query("red"), hits(3), ALL)

    assert told.notice == "1 of 3 hits have no captions for the re-ranker colours to read. It is slow."
    assert order(told) == [3, 1, 2]
    assert told.hits[2].probability is None
