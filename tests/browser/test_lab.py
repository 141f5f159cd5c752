"""The laboratory: a fit is watched, its result is read and used, and what goes wrong is said."""

import pytest

from mmsearch.nets.folder import save_folder
from tests.browser.acting import FIRST_ANSWER, PHONE, ask, barriers, drawn, expect, index, needs_the_app, status, tiles
from tests.nets.tiny import tiny_network
from tests.training.captioned import captioned_folder

pytestmark = needs_the_app
PICTURES = 30
FIRST_LOSS = 4 * FIRST_ANSWER  # it waits for every photograph and caption of the samples to be encoded


@pytest.fixture
def encoders(tmp_path):
    """Return the folders of two encoders that have nothing in common."""
    folders = tmp_path / "vision", tmp_path / "words"
    for seed, folder in enumerate(folders):
        save_folder(tiny_network(seed), folder)
    return folders


def choose(page, side, name):
    """Name an encoder of pictures ("image") or texts ("text") by its folder or hub id."""
    field = page.locator(".mm-lab-encoder", has=page.locator(f"#mm-lab-{side}"))
    field.locator("select").select_option("*")
    field.locator("input").fill(str(name))


def fit(page, collection, image, text):
    page.get_by_role("link", name="Lab").click()
    page.locator("#mm-lab-collection").select_option(collection)
    choose(page, "image", image)
    choose(page, "text", text)
    page.locator("#mm-lab-method").select_option("cca")
    page.locator("#mm-lab-start").press("Enter")


def test_a_fit_is_watched_read_and_used_with_a_click(visit, encoders, tmp_path):
    page = visit()
    index(page, captioned_folder(tmp_path / "photos", places=5), "shapes")

    fit(page, "shapes", *encoders)
    expect(page.locator("#mm-progress h2")).to_have_text("Aligning encoders on “shapes”")
    expect(page.get_by_role("progressbar")).to_be_visible()
    found = page.locator("#mm-found")
    expect(found.locator("tbody th")).to_have_text(["cca"], timeout=FIRST_ANSWER)
    expect(found).to_contain_text(f"{PICTURES} pictures")
    expect(found.locator("tbody td")).to_have_count(7)
    expect(found.locator(".mm-point-picture")).to_have_count(2 * 6)  # one picture in five, before and after
    expect(found.locator(".mm-point-text")).to_have_count(2 * 6)
    expect(found.locator("polyline")).to_have_count(1)
    phone = visit("?view=lab", locale="zh-CN", color_scheme="dark", **PHONE)
    expect(phone.locator("#mm-found h2")).to_have_text("实验结果")
    assert phone.evaluate("document.documentElement.scrollWidth") == PHONE["viewport"]["width"]
    assert barriers(page) == barriers(phone) == []

    page.get_by_role("button", name="Use it for “shapes”").press("Enter")
    expect(found).to_contain_text("It searches “shapes” now.", timeout=FIRST_ANSWER)
    page.get_by_role("button", name="Look at “shapes”").click()
    expect(tiles(page)).to_have_count(PICTURES)
    ask(page, "red 1")

    assert page.locator("#mm-encoder").input_value().endswith("/cca")
    expect(status(page)).to_contain_text("shapes")
    expect(tiles(page)).to_have_count(PICTURES)


def test_too_few_captions_and_encoders_that_are_not_here_are_said(visit, encoders, tmp_path):
    page = visit()
    (tmp_path / "few").mkdir()
    (drawn(tmp_path / "few" / "red.png", "red").with_suffix(".txt")).write_text("a red ball")
    index(page, tmp_path / "few", "few")

    fit(page, "few", *encoders)
    expect(page.locator("#mm-progress h2")).to_have_text("The run failed", timeout=FIRST_ANSWER)
    expect(page.locator("#mm-progress")).to_contain_text("few holds 1 pictures with texts; at least 20 are needed")
    fit(page, "samples", "nobody/nothing", "nobody/nothing")

    expect(page.locator("#mm-progress")).to_contain_text("nobody/nothing", timeout=FIRST_ANSWER)
    expect(page.locator("#mm-progress h2")).to_have_text("The run failed")


def test_a_fit_shows_its_curves_and_is_cancelled_while_it_goes_on(visit):
    page = visit("?view=lab")
    page.locator("#mm-lab-collection").select_option("samples")
    page.locator("#mm-lab-image").select_option("bundled")
    page.locator("#mm-lab-method").select_option("contrastive")

    page.locator("#mm-lab-start").click()
    expect(page.locator("#mm-progress polyline.mm-fit-loss")).not_to_have_count(0, timeout=FIRST_LOSS)
    expect(page.locator("#mm-progress")).to_contain_text("Epoch")
    page.locator("#mm-cancel").focus()
    page.wait_for_timeout(1200)  # the page has looked at the run anew, twice
    page.keyboard.press("Enter")
    expect(page.locator("#mm-progress h2")).to_have_text("Cancelled", timeout=FIRST_ANSWER)

    expect(page.locator("#mm-found .mm-verdict")).to_contain_text("no encoder was written")
    expect(page.locator("#mm-lab-use")).to_have_count(0)
