from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path

import pytest

from mmsearch.types import Credit, Hit, Item, Modality, Progress, RunReport, Skip, StoredText
from mmsearch.ui import markup
from mmsearch.ui.jobs import JobState
from tests.ui.fakes import HOSTILE

ALLOWED = {
    *("a", "article", "button", "code", "dd", "div", "dl", "dt", "h3", "h4", "img", "li", "ol", "p", "span"),
    *("strong", "table", "tbody", "td", "th", "thead", "tr", "ul"),
}


class Reader(HTMLParser):
    """Collects what a browser would make of a piece of HTML."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data):
        self.text += data


def _hostile_hit(kind=Modality.IMAGE):
    text = StoredText(HOSTILE, HOSTILE, id=1)
    credit = Credit(HOSTILE, HOSTILE, f"javascript:{HOSTILE}", f'https://x.example/"onclick="{HOSTILE}')
    path = Path('/photos/"><script>document.title=3</script>.png')
    item = Item(1, HOSTILE, kind, path, HOSTILE, (text,), credit, 3, 2, datetime(2020, 1, 2, 3, 4), "00", {})
    return Hit(1, 0.5, item, text)


def _report(**changes):
    values = {
        "run_id": 1, "collection": HOSTILE, "source": HOSTILE, "encoder": HOSTILE, "state": "done", "added": 1,
        "changed": 0, "moved": 0, "removed": 0, "unchanged": 2, "skips": (Skip(HOSTILE, HOSTILE),),
        "pictures_encoded": 1, "texts_encoded": 2, "seconds": 75.0,
    }  # fmt: skip
    return RunReport(**values | changes)


def _pages():
    hit = _hostile_hit()
    running = JobState("running", HOSTILE, HOSTILE, Progress("pictures", 5, 10, 2, 3.5, 100.0))
    return [
        markup.details(hit, Path('/home/"x/y.jpg'), "en", measure=HOSTILE, encoder=HOSTILE),
        markup.text_list([(hit, Path("/home/'\"<b>.jpg")), (hit, None)], "zh"),
        markup.status(HOSTILE, HOSTILE),
        markup.progress(running, "en"),
        markup.progress(JobState("over", HOSTILE, HOSTILE, report=_report()), "zh"),
        markup.progress(JobState("over", HOSTILE, HOSTILE, problem=HOSTILE), "en"),
        markup.history([_report(), _report(state="failed")], "en"),
    ]


@pytest.mark.parametrize("html", _pages())
def test_nothing_a_stranger_wrote_becomes_html(html):
    page = Reader(html)

    assert set(page.tags) <= ALLOWED
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert not [value for name, value in page.attributes if name in {"href", "src"} and "javascript" in value]


def test_hostile_text_is_shown_as_it_was_written():
    assert HOSTILE in Reader(_pages()[0]).text


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "data:text/html,x", "//x", "", None, "http://", "http://[x"]
)
def test_only_web_addresses_become_links(address):
    assert markup.link(address, "<b>") == "&lt;b&gt;"


def test_a_web_address_becomes_a_link_that_tells_the_other_side_nothing():
    html = markup.link("https://example.org/?a=1&b=2", "there")

    assert html == (
        '<a href="https://example.org/?a=1&amp;b=2" target="_blank" rel="noopener noreferrer nofollow">there</a>'
    )


def test_a_credit_without_an_author_points_to_the_source():
    item = Item(1, "c", Modality.IMAGE, None, None, (), Credit(source="https://example.org"), None, None, None, "0")

    told = Reader(markup.details(Hit(1, 0.1, item), None, "en", measure="cosine", encoder="fake")).text

    assert "author: see the source · source" in told
    assert "Untitled" in told
    assert "No captions are known." in told
    assert "The file is no longer there." in told


def test_a_file_address_survives_strange_names():
    assert markup.file_address(Path("/a b/ü#?.jpg")) == "gradio_api/file=/a%20b/%C3%BC%23%3F.jpg"


def test_progress_tells_share_rate_and_time_left():
    job = JobState("running", "/photos", "library", Progress("pictures", 5, 20, 2, 12.4, 130.0))

    page = Reader(markup.progress(job, "en"))

    assert ("aria-valuenow", "25") in page.attributes
    assert "Reading pictures · 5 of 20 · 12 per second · 2 min left · 2 skipped" in page.text


def test_progress_of_a_scan_has_no_share():
    job = JobState("running", "/photos", "library", Progress("scan", 7, 0, 0, 0.0, None))

    page = Reader(markup.progress(job, "en"))

    assert "aria-valuenow" not in dict(page.attributes)
    assert "Looking for files · 7 so far" in page.text


def test_a_long_list_of_skips_is_cut_and_says_so():
    job = JobState(
        "over", report=_report(skips=tuple(Skip(f"{n}.jpg", "empty") for n in range(markup.SKIPS_SHOWN + 3)))
    )

    page = Reader(markup.progress(job, "en"))

    assert page.tags.count("tr") == markup.SKIPS_SHOWN + 1  # and the heading
    assert "and 3 more" in page.text


def test_no_run_yet_is_said():
    assert "No run yet." in markup.history([], "en")
    assert markup.progress(JobState(), "en") == ""


@pytest.mark.parametrize(("seconds", "words"), [(0.42, "0.4 s"), (42, "42 s"), (180, "3 min"), (9000, "2.5 h")])
def test_durations_read_well(seconds, words):
    assert markup.duration(seconds, "en") == words
