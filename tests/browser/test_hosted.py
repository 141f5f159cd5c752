"""What an app that is hosted for everybody closes, and what it still does."""

import pytest

from tests.browser.acting import FIRST_ANSWER, ask, expect, needs_the_app, tiles
from tests.browser.conftest import started_app

pytestmark = needs_the_app


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    """Return the address of an app that believes itself in a space."""
    with started_app(tmp_path_factory.mktemp("space"), SPACE_ID="someone/mmsearch") as url:
        yield url


def test_a_hosted_app_says_what_is_closed_and_still_searches(visit, hosted):
    page = visit("?view=index", url=hosted)

    expect(page.locator(".mm-closed")).to_contain_text("MMSEARCH_INDEX_ROOTS", timeout=FIRST_ANSWER)
    expect(page.locator("#mm-folder, #mm-upload, .mm-danger, .mm-others")).to_have_count(0)
    ask(page, "pizza")
    expect(tiles(page)).to_have_count(60)


def test_a_hosted_app_has_no_laboratory(visit, hosted):
    page = visit("?view=lab", url=hosted)

    expect(page.locator(".mm-closed")).to_contain_text("cannot be aligned from here", timeout=FIRST_ANSWER)
    expect(page.get_by_role("link", name="Lab")).to_have_count(0)
    expect(page.locator("#mm-lab-start")).to_have_count(0)
