"""Why a hit was found: its phrases in the panel, and their heat maps over the picture."""

import pytest

from tests.browser.acting import PHONE, ask, drawn, expect, needs_the_app, panel, settled, tiles

pytestmark = needs_the_app

# Whether any two places of the map differ, so that there is something to see; and whether it covers the picture.
VARIES = """(canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const [over, under] = [canvas, canvas.parentElement.querySelector("img")].map((one) => one.getBoundingClientRect());
    const fits = ["left", "top", "width", "height"].every((side) => Math.abs(over[side] - under[side]) < 1.5);
    return fits && new Set(data.filter((_, at) => at % 4 === 0)).size > 20;
}"""


def phrases(page):
    return panel(page).locator(".mm-phrase")


def heat(page):
    return panel(page).locator("canvas.mm-heat")


def test_pointing_at_a_phrase_lays_its_map_over_the_picture(visit):
    page = visit()
    ask(page, "a dog on a laptop without a leash")
    tiles(page).first.click()
    expect(phrases(page)).to_have_count(4)
    expect(heat(page)).to_be_hidden()

    phrases(page).first.hover()

    expect(heat(page)).to_be_visible()
    expect(heat(page)).to_have_attribute("aria-label", "“a dog” shows most: " + area(page, 0))
    page.wait_for_function(f"({VARIES})(document.querySelector('.mm-heat'))")
    page.mouse.move(2, 2)
    expect(heat(page)).to_be_hidden()


def area(page, index):
    return phrases(page).nth(index).locator(".mm-area").inner_text()


def test_the_keyboard_shows_keeps_and_puts_away_a_map(visit):
    page = visit()
    ask(page, "a dog on a laptop without a leash")
    tiles(page).first.click()

    phrases(page).last.focus()
    expect(heat(page)).to_be_visible()
    page.keyboard.press("Enter")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Shift+Tab")

    expect(phrases(page).last).to_have_attribute("aria-pressed", "true")
    expect(heat(page)).to_have_attribute("aria-label", "“leash” shows most: " + area(page, 3))
    phrases(page).last.press("Enter")
    phrases(page).last.evaluate("(row) => row.blur()")
    expect(heat(page)).to_be_hidden()


def test_what_must_not_be_there_looks_different(visit):
    page = visit()
    ask(page, "a dog without a leash")
    tiles(page).first.click()

    expect(phrases(page)).to_have_count(2)

    expect(phrases(page).last).to_have_class("mm-phrase mm-excluded")
    expect(phrases(page).last).to_contain_text("not leash")


def test_the_next_hit_is_asked_about_and_the_last_one_no_longer(visit):
    page = visit()
    ask(page, "a dog")
    asked = []
    page.on("request", lambda request: asked.append(request) if request.url.endswith("/explain") else None)
    page.route("**/mmsearch/explain", lambda route: None if len(asked) == 1 else route.continue_())
    tiles(page).first.click()
    expect(panel(page)).to_contain_text("Looking where it shows")

    page.get_by_role("button", name="Next").click()

    expect(phrases(page)).to_have_count(1)
    assert [request.failure for request in asked] == ["net::ERR_ABORTED", None]


def test_where_it_cannot_be_told_that_is_said(visit):
    page = visit()
    ask(page, "a dog")
    page.route(
        "**/mmsearch/explain", lambda route: route.fulfill(json={"problem": "It is <b>raining</b>.", "kind": "X"})
    )

    tiles(page).first.click()

    expect(panel(page)).to_contain_text("Why it was found cannot be told: It is <b>raining</b>.")


def test_a_text_that_a_picture_found_is_explained_on_that_picture(visit, tmp_path):
    page = visit("?for=text")
    page.get_by_role("button", name="Texts").click()
    page.locator("#mm-file").set_input_files(drawn(tmp_path / "ball.png"))
    page.locator("#mm-texts button").first.wait_for()
    settled(page)
    page.locator("#mm-texts button").first.click()

    expect(panel(page)).to_contain_text("Why this text")
    phrases(page).first.hover()

    expect(heat(page)).to_be_visible()
    expect(panel(page).locator(".mm-why img")).to_have_attribute("alt", "Your picture")


@pytest.mark.parametrize("query", ["", "?like=1"])
def test_there_is_nothing_to_tell_without_words(visit, query):
    page = visit(query)
    tiles(page).first.click()

    expect(panel(page)).to_contain_text("Captions")
    expect(panel(page).locator(".mm-why")).to_be_hidden()


def test_a_tap_shows_the_map_on_a_phone(visit):
    page = visit(**PHONE)
    ask(page, "a red bus")
    tiles(page).first.tap()

    phrases(page).first.tap()

    expect(heat(page)).to_be_visible()
