"""What a visitor does, and what the tests look at, in the words of the tests."""

import base64
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from mmsearch.encoders.registry import list_encoders

HOSTILE = '<img src=x onerror="alert(1)"><script>alert(2)</script>${1+1}{{7*7}}'
FIRST_ANSWER = 60_000  # milliseconds: it waits for the encoder, and for the photographs where they must be encoded
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}

needs_the_app = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not any(encoder.name == "bundled" and encoder.installed for encoder in list_encoders()),
        reason="the bundled encoder is not in this checkout",
    ),
]


def expect(locator):
    from playwright.sync_api import expect

    expect.set_options(timeout=20_000)  # milliseconds: other tests may keep the machine busy
    return expect(locator)


def ask(page, words):
    page.locator("#mm-words").fill(words)
    page.locator("#mm-words").press("Enter")
    expect(page.locator("#mm-status")).to_contain_text(f"“{words}”", timeout=FIRST_ANSWER)
    settled(page)


def settled(page):
    """Wait until a second opinion has had its say."""
    expect(page.locator(".mm-found")).to_have_attribute("aria-busy", "false")
    page.wait_for_function("!document.querySelector('.mm-found').getAnimations({ subtree: true }).length")


def tiles(page):
    return page.locator("#mm-gallery .mm-tile")


def panel(page):
    return page.locator("#mm-panel")


def status(page):
    return page.locator("#mm-status")


def drawn(path: Path, colour: str = "orange") -> Path:
    picture = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(picture).ellipse((60, 20, 260, 220), fill=colour)
    picture.save(path)
    return path


def drop(page, path: Path, where: str = "#mm-app"):
    """Let a file fall on the page, as from a file manager."""
    carrier = page.evaluate_handle(
        """([name, data]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const carrier = new DataTransfer();
            carrier.items.add(new File([bytes], name, { type: "image/png" }));
            return carrier;
        }""",
        [path.name, base64.b64encode(path.read_bytes()).decode()],
    )
    page.locator(where).dispatch_event("drop", {"dataTransfer": carrier, "bubbles": True})


def barriers(page):
    """Return what axe finds on the page that keeps somebody out, by its rule and place."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]


def index(page, folder: Path, collection: str):
    """Index a folder and wait until it is done."""
    page.get_by_role("link", name="Collections").click()
    page.locator("#mm-into").fill(collection)
    page.locator("#mm-folder").fill(str(folder))
    page.locator("#mm-start").click()
    expect(page.locator("#mm-progress h2")).to_have_text("Done", timeout=FIRST_ANSWER)
