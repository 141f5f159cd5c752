"""Searching: by words, by a picture, by both, in two languages, by mouse, keyboard and address."""

import re

import pytest

from tests.browser.acting import FIRST_ANSWER, ask, drawn, drop, expect, needs_the_app, settled, status, tiles

pytestmark = needs_the_app


def test_the_first_view_is_the_collection_itself(visit):
    page = visit()

    expect(status(page)).to_contain_text("in samples", timeout=FIRST_ANSWER)
    expect(tiles(page).first.locator("img")).to_have_attribute("src", re.compile(r"mmsearch/pictures/small/\d+/"))
    assert page.wait_for_function("document.querySelector('.mm-tile img').naturalWidth > 0")
    before = tiles(page).count()
    page.mouse.wheel(0, 30_000)
    page.wait_for_function(f"document.querySelectorAll('.mm-tile').length > {before}")


def test_words_find_pictures_in_rows_of_true_proportions(visit):
    page = visit()

    ask(page, "a cat and a computer")

    expect(tiles(page)).to_have_count(60)
    shapes = page.evaluate(
        """() => [...document.querySelectorAll(".mm-tile img")].slice(0, 20).map((image) =>
            [image.clientWidth / image.clientHeight, image.getAttribute("width") / image.getAttribute("height")])"""
    )
    assert all(abs(shown / true - 1) < 0.05 for shown, true in shapes)
    edges = page.evaluate(
        "() => [...document.querySelectorAll('.mm-tile')].map((tile) => Math.round(tile.getBoundingClientRect().right))"
    )
    assert edges.count(max(edges)) >= 8  # every full row ends at the same edge


def test_chinese_words_find_pictures_too(visit):
    page = visit()

    ask(page, "一只熊")

    expect(tiles(page)).to_have_count(60)


def test_words_find_texts_and_a_click_marks_the_one_that_matched(visit):
    page = visit()

    page.get_by_role("button", name="Texts").click()
    ask(page, "a bear")
    rows = page.locator("#mm-texts button")
    expect(rows).to_have_count(60)
    words = rows.nth(1).locator(".mm-words").inner_text()
    rows.nth(1).click()

    expect(page.locator(".mm-matched")).to_contain_text(words)
    expect(page.locator(".mm-matched")).to_contain_text("matched")


def test_an_example_is_one_click(visit):
    page = visit()

    page.get_by_role("button", name="pizza", exact=True).click()

    expect(status(page)).to_contain_text("“pizza”")


def test_a_picture_is_chosen_and_words_are_added(visit, tmp_path):
    page = visit()

    page.locator("#mm-file").set_input_files(drawn(tmp_path / "orange.png"))
    expect(status(page)).to_contain_text("for your picture", timeout=FIRST_ANSWER)
    expect(page.locator(".mm-chip img")).to_be_visible()
    page.locator("#mm-words").fill("fruit")
    page.locator("#mm-words").press("Enter")

    expect(status(page)).to_contain_text("together with “fruit”")
    page.get_by_role("button", name="Remove the picture").click()
    expect(status(page)).to_contain_text("for “fruit”")


def test_a_picture_is_dropped_anywhere(visit, tmp_path):
    page = visit()

    drop(page, drawn(tmp_path / "dropped.png"), ".mm-search")

    expect(status(page)).to_contain_text("for your picture", timeout=FIRST_ANSWER)


def test_a_picture_is_pasted_anywhere(visit):
    page = visit()

    page.evaluate(
        """async () => {
            const canvas = new OffscreenCanvas(64, 64);
            canvas.getContext("2d").fillRect(8, 8, 40, 40);
            const file = new File([await canvas.convertToBlob()], "image.png", { type: "image/png" });
            const carrier = new DataTransfer();
            carrier.items.add(file);
            document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData: carrier, bubbles: true }));
        }"""
    )

    expect(status(page)).to_contain_text("for your picture", timeout=FIRST_ANSWER)


def test_what_is_no_picture_gets_a_reason_and_a_way_out(visit, tmp_path):
    fake = tmp_path / "not.jpg"
    fake.write_text("this is text")
    page = visit()

    page.locator("#mm-file").set_input_files(fake)
    expect(page.locator(".mm-message h2")).to_have_text("This picture cannot be read", timeout=FIRST_ANSWER)
    expect(page.locator(".mm-message")).to_contain_text("not.jpg")
    page.get_by_role("button", name="Show everything").click()

    expect(status(page)).to_contain_text("in samples")


@pytest.mark.parametrize("words", ["?" * 1900, "'; DROP TABLE items; --", "🐻 \\ud83d \x01"])
def test_nonsense_never_breaks_the_page(visit, words):
    page = visit()

    page.locator("#mm-words").fill(words)
    page.get_by_role("button", name="Search", exact=True).click()

    expect(status(page)).to_contain_text(re.compile(r"\d+ ms"), timeout=FIRST_ANSWER)
    expect(tiles(page)).to_have_count(60)


def test_an_error_of_the_engine_says_what_to_do(visit):
    page = visit("?q=bear&by=nonesuch")

    expect(page.locator(".mm-message h2")).to_have_text("There is none of that name", timeout=FIRST_ANSWER)
    expect(page.get_by_role("button", name="Add pictures")).to_be_visible()


def test_a_lost_server_is_said(visit):
    page = visit()
    ask(page, "pizza")

    page.route("**/mmsearch/search", lambda route: route.fulfill(status=200, body="not JSON"))
    page.locator("#mm-words").fill("bear")
    page.locator("#mm-words").press("Enter")

    expect(page.locator(".mm-message h2")).to_have_text("That did not work")
    page.unroute("**/mmsearch/search")
    page.get_by_role("button", name="Try again").click()
    expect(status(page)).to_contain_text("“bear”")


def test_a_second_opinion_arrives_after_the_first_answer(visit):
    page = visit("?q=a%20crab%20in%20front%20of%20a%20car&n=24")

    expect(status(page)).to_contain_text("judged by the matcher", timeout=FIRST_ANSWER)
    first = tiles(page).first
    expect(first).to_have_accessible_name("A crab and a car")
    expect(first.locator("b")).to_have_text(re.compile(r"^\d+ %$"))
    expect(tiles(page)).to_have_count(24)
    first.click()
    expect(page.locator(".mm-score-line")).to_contain_text("says the matcher “bundled”")


def test_back_and_an_address_lead_to_a_search(visit):
    page = visit("?q=pizza&n=24")
    expect(tiles(page)).to_have_count(24, timeout=FIRST_ANSWER)

    ask(page, "a bear")
    assert "q=a+bear" in page.url
    page.go_back()

    expect(status(page)).to_contain_text("“pizza”")
    expect(page.locator("#mm-words")).to_have_value("pizza")


def test_three_hundred_are_shown_and_only_what_is_near_is_loaded(visit):
    page = visit("?q=water&n=300")

    expect(status(page)).to_contain_text("“water”", timeout=FIRST_ANSWER)
    assert tiles(page).count() > 200
    loaded = page.evaluate("[...document.querySelectorAll('.mm-tile img')].filter((image) => image.complete).length")
    assert loaded < 150


def test_the_keyboard_is_enough(visit):
    page = visit()
    expect(tiles(page).first).to_be_visible(timeout=FIRST_ANSWER)

    page.keyboard.press("/")
    page.keyboard.type("elephants")
    page.keyboard.press("Enter")
    expect(status(page)).to_contain_text("“elephants”")
    settled(page)
    page.keyboard.press("ArrowDown")
    expect(tiles(page).first).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(tiles(page).nth(1)).to_be_focused()
    page.keyboard.press("ArrowDown")
    below, above = tiles(page).nth(1).bounding_box(), page.evaluate_handle("document.activeElement").bounding_box()
    assert above["y"] > below["y"]
    assert above["x"] < below["x"] + below["width"]
    page.keyboard.press("Enter")
    expect(page.locator("#mm-panel")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#mm-panel")).to_be_hidden()
    page.keyboard.press("Escape")
    expect(page.locator("#mm-words")).to_have_value("")
