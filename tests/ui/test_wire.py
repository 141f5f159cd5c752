import json
from datetime import datetime
from pathlib import Path

from mmsearch.collection import Reason
from mmsearch.types import Curve, Item, Modality, Progress, RunReport, Skip, StoredText
from mmsearch.ui import wire
from mmsearch.ui.jobs import JobState
from tests.ui.fakes import HOSTILE, found_alignment


def _item(**changes):
    values = {
        "id": 7, "collection": "c", "kind": Modality.IMAGE, "path": Path("/p/x.jpg"), "title": None, "texts": (),
        "credit": None, "width": 3, "height": 2, "taken_at": datetime(2020, 1, 2, 3, 4), "content_hash": "00ff",
    }  # fmt: skip
    return Item(**values | changes)


def _report(*skips):
    return RunReport(1, "c", "/p", "fake", "done", 1, 0, 0, 0, 2, tuple(skips), 1, 2, 75.0)


def test_lone_surrogates_of_file_names_can_be_sent():
    told = wire.sendable({"pa\udcffth": ["a\ud83d", 1, None, 0.5, True, Path("x\udcff")]})

    assert json.dumps(told).encode()
    assert told == {"pa?th": ["a?", 1, None, 0.5, True, "x?"]}


def test_an_item_is_called_by_its_title_in_each_language():
    item = _item(title="Bear", extra={"title_zh": "熊", "camera": "X"})

    assert wire.tile(item)["names"] == {"en": "Bear", "zh": "熊"}
    assert wire.details(item, paths=True)["extra"] == {"camera": "X"}


def test_an_item_without_a_title_is_called_by_a_caption_or_its_file():
    captions = (StoredText("a bear", "en", id=1), StoredText("一只熊", "zh", id=2))

    assert wire.tile(_item(texts=captions))["names"] == {"en": "a bear", "zh": "一只熊"}
    assert wire.tile(_item())["names"]["zh"] == "x.jpg"
    assert wire.tile(_item(path=None))["names"]["en"] == ""


def test_hostile_words_travel_as_they_are():
    item = _item(title=HOSTILE, texts=(StoredText(HOSTILE, HOSTILE, id=1),), extra={HOSTILE: HOSTILE})

    told = json.loads(json.dumps(wire.sendable(wire.details(item, paths=True))))

    assert told["names"]["en"] == told["captions"][0]["text"] == told["extra"][HOSTILE] == HOSTILE


def test_a_long_list_of_skips_is_cut_but_counted():
    told = wire.run(_report(*(Skip(f"{n}.jpg", "empty") for n in range(wire.SKIPS_TOLD + 3))), paths=True)

    assert len(told["skips"]) == wire.SKIPS_TOLD
    assert told["skipped"] == wire.SKIPS_TOLD + 3


def test_a_known_reason_is_told_with_its_parts():
    told = wire.skip(Skip("a.jpg", Reason.SLOW.format(20)))

    assert (told["key"], told["parts"]) == ("SLOW", ["20"])
    assert wire.skip(Skip("a.jpg", HOSTILE))["key"] is None


def test_a_run_is_told_while_it_goes_on_and_after():
    now = JobState("running", "index", "/p", "c", progress=Progress("pictures", 5, 10, 2, 3.5, 100.0))
    fitting = JobState("running", "align", progress=Progress("cca", 1, 3, 0, 0.0, None, (Curve((2.5,), (0.5,)),)))

    assert wire.sendable(wire.job(fitting, paths=True))["progress"]["curves"] == [{"loss": [2.5], "held_out": [0.5]}]
    assert wire.job(now, paths=True)["progress"]["seconds_left"] == 100.0
    assert wire.job(JobState("over", report=_report()), paths=True)["report"]["added"] == 1
    assert json.dumps(wire.sendable(wire.job(JobState(), paths=True)))


def test_what_the_laboratory_found_is_told_with_its_judgement_and_its_drawing():
    report = found_alignment("done", "mine", Path("/p/cca"))

    told = json.loads(json.dumps(wire.sendable(wire.alignment(report))))

    assert told["recommended"] == told["methods"][0]["folder"] == "/p/cca"
    assert told["methods"][0]["helped"] is True
    assert told["methods"][0]["gain"]["interval"] == [0.125, 0.375]
    assert told["baseline"]["figures"]["image_to_text"]["R@1"] == {"mean": 0.5, "low": 0.25, "high": 0.75}
    assert told["drawing"]["before"][1] == [[0.0, 0.0], [1.0, 0.5]]
    assert told["left_out"] == 1
    assert wire.job(JobState("over", "align", report=report), paths=True)["report"] == {"state": "done"}
