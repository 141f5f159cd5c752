"""One hit: all that is known about it, and where one can go from it."""

import re

from tests.browser.acting import FIRST_ANSWER, PHONE, ask, expect, needs_the_app, panel, status, tiles

pytestmark = needs_the_app


def test_a_click_tells_all_about_a_hit(visit):
    page = visit()
    ask(page, "a cat and a computer")

    tiles(page).first.click()

    expect(panel(page)).to_contain_text("cosine similarity, encoder bundled")
    expect(panel(page)).to_contain_text("Captions")
    expect(panel(page).locator("dd a").first).to_have_attribute("href", re.compile("^https?://"))
    expect(panel(page).locator("dd a").first).to_have_attribute("rel", re.compile("noopener"))
    expect(panel(page).locator("code")).to_contain_text("photos")
    assert page.wait_for_function("document.querySelector('#mm-panel img').naturalWidth > 400")


def test_next_and_previous_go_through_the_hits(visit):
    page = visit()
    ask(page, "a dog")
    tiles(page).nth(2).click()
    third = panel(page).get_attribute("data-item")

    page.get_by_role("button", name="Next").click()
    fourth = panel(page).get_attribute("data-item")
    page.keyboard.press("ArrowLeft")
    expect(panel(page)).to_have_attribute("data-item", third)

    assert third != fourth
    expect(tiles(page).nth(2)).to_have_class(re.compile("mm-open"))


def test_more_like_this_searches_by_the_picture_and_can_be_linked(visit):
    page = visit()
    ask(page, "pizza")
    tiles(page).first.click()

    page.get_by_role("button", name="More like this").click()

    expect(status(page)).to_contain_text("like “")
    expect(panel(page)).to_be_hidden()
    expect(page.locator(".mm-chip img")).to_be_visible()
    page.reload()
    expect(status(page)).to_contain_text("like “", timeout=FIRST_ANSWER)


def test_the_path_is_copied(visit):
    page = visit(permissions=["clipboard-read", "clipboard-write"])
    ask(page, "pizza")
    tiles(page).first.click()

    page.get_by_role("button", name="Copy path").click()

    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == panel(page).locator("code").inner_text()


def test_close_gives_the_focus_back(visit):
    page = visit()
    ask(page, "pizza")
    tiles(page).nth(1).click()

    page.get_by_role("button", name="Close", exact=True).click()

    expect(panel(page)).to_be_hidden()
    expect(tiles(page).nth(1)).to_be_focused()


def test_on_a_phone_it_is_a_sheet_that_keeps_the_focus(visit):
    page = visit(**PHONE)
    ask(page, "elephants in the water")
    expect(tiles(page).first).to_be_in_viewport()

    tiles(page).first.tap()

    expect(panel(page)).to_have_attribute("aria-modal", "true")
    expect(page.get_by_role("button", name="Close", exact=True)).to_be_in_viewport()
    expect(panel(page).locator("code")).to_be_attached()
    for _ in range(12):
        page.keyboard.press("Tab")
        assert page.evaluate("document.querySelector('#mm-panel').contains(document.activeElement)")
    page.get_by_role("button", name="Close", exact=True).tap()
    expect(panel(page)).to_be_hidden()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_what_a_finger_must_hit_is_large_enough(visit):
    page = visit(**PHONE)
    ask(page, "pizza")
    tiles(page).first.tap()
    expect(panel(page).locator("code")).to_be_attached()

    heights = page.evaluate(
        "[...document.querySelectorAll('.mm-top button, .mm-nav a, .mm-options button, .mm-options select, "
        "#mm-panel button')].filter((one) => one.offsetParent && !one.closest('.mm-chip'))"
        ".map((one) => Math.round(one.getBoundingClientRect().height))"
    )

    assert min(heights) >= 40
