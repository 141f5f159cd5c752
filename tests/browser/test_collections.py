"""Indexing, uploads, encoders and removal, as a visitor of the page of collections."""

import json
import re

import pytest
from PIL import Image

from mmsearch.nets.folder import save_folder
from tests.browser.acting import (
    FIRST_ANSWER,
    HOSTILE,
    ask,
    drawn,
    expect,
    index,
    needs_the_app,
    panel,
    status,
    tiles,
)
from tests.nets.tiny import tiny_network

pytestmark = needs_the_app
MANY = 250  # pictures, enough to be still at it when the page first looks


@pytest.fixture
def folder(tmp_path):
    """Return a folder of three pictures, the red one with hostile words all around, and a broken one."""
    place = tmp_path / "mine"
    place.mkdir()
    for colour in ("red", "blue", "green"):
        drawn(place / f"{colour}.png", colour)
    exif = Image.Exif()
    exif[0x010E] = exif[0x013B] = HOSTILE  # description and artist
    Image.open(place / "green.png").save(place / "<img src=x onerror=alert(3)>.jpg", exif=exif)
    (place / "broken.jpg").write_text("not a picture")
    row = {"image": "red.png", "en": [HOSTILE], "title": HOSTILE, "author": HOSTILE, "licence": HOSTILE}
    row |= {"source": "javascript:alert(4)", "licence_url": "javascript:alert(5)", HOSTILE: HOSTILE}
    (place / "captions.jsonl").write_text(json.dumps(row) + "\n")
    return place


def test_a_folder_is_indexed_found_and_never_trusted(visit, folder):
    page = visit()

    index(page, folder, "mine")
    expect(page.locator("#mm-progress")).to_contain_text("4 added")
    expect(page.locator("#mm-progress .mm-table")).to_contain_text("broken.jpg")
    expect(page.locator("#mm-history")).to_contain_text(str(folder))
    page.get_by_role("button", name="Look at “mine”").click()
    expect(page.locator("#mm-collection")).to_have_value("mine")
    expect(tiles(page)).to_have_count(4)
    ask(page, "a red ball")
    expect(tiles(page)).to_have_count(4)

    for n in range(4):
        tiles(page).nth(n).click()
        expect(panel(page).locator("code")).to_contain_text(str(folder))
    expect(page.locator("#mm-gallery img[alt*='<script>']")).to_have_count(1)
    assert page.locator("#mm-app script, #mm-app img[onerror], #mm-app a[href^=javascript]").count() == 0
    assert page.title() == "mmsearch"


def test_reasons_of_skipped_files_are_said_in_chinese(visit, folder):
    index(visit(), folder, "reasons")

    page = visit("?view=index", locale="zh-CN")

    expect(page.locator("#mm-progress .mm-table")).to_contain_text("不是可以读取的图片")


def test_a_run_is_watched_from_another_page_cancelled_and_resumed(visit, tmp_path):
    many = tmp_path / "many"
    many.mkdir()
    Image.effect_noise((1600, 1200), 64).convert("RGB").save(tmp_path / "noise.jpg")
    noise = (tmp_path / "noise.jpg").read_bytes()
    for n in range(MANY):
        (many / f"{n}.jpg").write_bytes(noise + b"%d" % n)  # bytes after the end make it another file
    page = visit("?view=index")

    page.locator("#mm-into").fill("many")
    page.locator("#mm-folder").fill(str(many))
    page.locator("#mm-start").click()
    expect(page.get_by_role("progressbar")).to_be_visible()
    other = visit("?view=index")
    expect(other.locator(".mm-figures")).to_contain_text(f"of {MANY}")
    other.locator("#mm-cancel").click()
    expect(page.locator("#mm-progress h2")).to_contain_text("Cancelled; what was done is kept")
    (many / "captions.jsonl").unlink(missing_ok=True)
    for n in range(20, MANY):
        (many / f"{n}.jpg").unlink()
    page.locator("#mm-start").click()

    expect(page.locator("#mm-history tbody tr").first).to_contain_text("done", timeout=FIRST_ANSWER)
    expect(page.locator("#mm-history tbody tr").nth(1)).to_contain_text("cancelled")


def test_pictures_are_uploaded_limited_and_indexed(visit, tmp_path):
    page = visit("?view=index")
    page.locator("#mm-into").fill("sent")

    (tmp_path / "script.html").write_text("<script>alert(6)</script>")
    page.locator("#mm-upload").set_input_files(
        [drawn(tmp_path / "a b.png"), drawn(tmp_path / "红.png", "red"), tmp_path / "script.html"]
    )
    expect(page.locator(".mm-note")).to_contain_text("1 left out")
    page.locator("#mm-send").click()
    expect(page.locator("#mm-progress")).to_contain_text("2 added", timeout=FIRST_ANSWER)

    page.get_by_role("button", name="Look at “sent”").click()
    expect(tiles(page)).to_have_count(2)


def test_a_folder_that_is_not_there_is_said_as_it_was_written(visit):
    page = visit("?view=index")

    page.locator("#mm-folder").fill(f"/nowhere/{HOSTILE}")
    page.locator("#mm-start").click()
    expect(page.locator("#mm-progress")).to_contain_text(HOSTILE)
    page.locator("#mm-folder").fill("")
    page.locator("#mm-start").click()

    expect(page.locator("#mm-progress")).to_contain_text("Write the path of a folder first.")


def test_a_second_encoder_is_built_used_and_removed(visit, folder, tmp_path):
    page = visit()
    save_folder(tiny_network(), tmp_path / "tiny")
    index(page, folder, "two")
    card = page.locator("[data-collection=two]")

    card.get_by_text("Build another encoder beside it").click()
    card.get_by_label("Any other").fill(str(tmp_path / "tiny"))
    card.locator("form button").click()
    tiny = card.locator("[data-encoder$=tiny]")
    expect(tiny).to_be_visible(timeout=FIRST_ANSWER)
    tiny.get_by_role("button", name="Use it").click()
    expect(tiny).to_contain_text("in use")
    card.locator("[data-encoder=bundled]").first.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()
    expect(card.locator("ul").first.locator("[data-encoder=bundled]")).to_have_count(0)
    card.get_by_role("button", name="Look at it").click()
    ask(page, "red")

    expect(page.locator("#mm-encoder")).to_have_value(re.compile("tiny$"))
    expect(status(page)).to_contain_text("two")


def test_a_collection_is_removed_only_after_asking(visit, folder):
    page = visit()
    index(page, folder, "short lived")
    card = page.locator("[data-collection='short lived']")

    card.get_by_role("button", name="Remove").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Keep").click()
    expect(card).to_be_visible()
    card.get_by_role("button", name="Remove").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Remove").click()

    expect(card).to_have_count(0)
    assert (folder / "red.png").exists()
    expect(page.locator("[data-collection=samples]").get_by_role("button", name="Remove")).to_have_count(0)
