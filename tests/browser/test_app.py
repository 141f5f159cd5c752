"""What a visitor sees and does, in a real browser against the real app."""

import base64
import json
import re
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from PIL import Image, ImageDraw

from mmsearch.encoders.registry import list_encoders

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not any(encoder.name == "bundled" and encoder.installed for encoder in list_encoders()),
        reason="the bundled encoder is not in this checkout",
    ),
]
HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>${1+1}{{7*7}}'
FIRST_ANSWER = 60_000  # milliseconds: it waits for the encoder, and for the photographs where they must be encoded
MANY = 250  # pictures, enough to be still at it when the page first looks
ANSWER = re.compile(r"\d+ ms")


def _expect(locator):
    from playwright.sync_api import expect

    expect.set_options(timeout=20_000)  # milliseconds: other tests may keep the machine busy
    return expect(locator)


def _ask(page, words):
    page.locator("#mm-words textarea").fill(words)
    page.locator("#mm-words textarea").press("Enter")
    _expect(page.locator("#mm-status")).to_contain_text(f"“{words}”", timeout=FIRST_ANSWER)


def _thumbnails(page):
    return page.locator("#mm-gallery img")


def _drawn(path: Path, colour: str) -> Path:
    picture = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(picture).ellipse((60, 20, 260, 220), fill=colour)
    picture.save(path)
    return path


def _drop(page, path: Path):
    """Let a file fall on the picture box, as from a file manager."""
    carrier = page.evaluate_handle(
        """([name, data]) => {
            const bytes = Uint8Array.from(atob(data), (letter) => letter.charCodeAt(0));
            const carrier = new DataTransfer();
            carrier.items.add(new File([bytes], name, { type: "image/png" }));
            return carrier;
        }""",
        [path.name, base64.b64encode(path.read_bytes()).decode()],
    )
    page.locator("#mm-picture button").first.dispatch_event("drop", {"dataTransfer": carrier})


def test_words_find_pictures_and_a_click_tells_all_about_one(visit):
    page = visit()

    _ask(page, "a cat and a computer")
    _expect(_thumbnails(page)).to_have_count(24)
    _expect(page.locator("#mm-gallery")).to_contain_text(re.compile(r"1 · 0\.\d{3}"))
    _expect(_thumbnails(page).first).to_have_attribute("src", re.compile(r"/gradio_api/file=.*/thumbnails/.*\.jpg$"))
    assert page.wait_for_function("document.querySelector('#mm-gallery img').naturalWidth > 0")
    _thumbnails(page).first.click()

    panel = page.locator("#mm-panel")
    _expect(panel).to_contain_text("cosine similarity, encoder bundled")
    _expect(panel).to_contain_text("Captions")
    _expect(panel).to_contain_text("Credit")
    _expect(panel.locator("dd a").first).to_have_attribute("href", re.compile("^https?://"))
    _expect(panel.locator("code")).to_contain_text("photos")
    assert page.wait_for_function("document.querySelector('#mm-panel img').naturalWidth > 400")


def test_more_like_this_and_close(visit):
    page = visit()
    _ask(page, "pizza")
    _thumbnails(page).first.click()

    page.get_by_role("button", name="More like this").click()

    _expect(page.locator("#mm-status")).to_contain_text("Like “")
    _expect(page.locator("#mm-panel")).to_be_hidden()
    _thumbnails(page).nth(1).click()
    _expect(page.locator("#mm-panel article")).to_be_visible()
    page.get_by_role("button", name="Close", exact=True).click()
    _expect(page.locator("#mm-panel")).to_be_hidden()


def test_words_find_texts_and_a_click_opens_their_picture(visit):
    page = visit()

    page.get_by_label("Texts", exact=True).check()
    _ask(page, "a bear")
    rows = page.locator("#mm-texts button")
    _expect(rows).to_have_count(24)
    rows.first.click()

    _expect(page.locator("#mm-panel")).to_contain_text("Text that matched")


def test_an_example_is_one_click(visit):
    page = visit()

    page.get_by_text("一只熊", exact=True).click()

    _expect(page.locator("#mm-status")).to_contain_text("“一只熊”")
    _expect(_thumbnails(page)).to_have_count(24)


def test_the_page_speaks_the_browsers_language_and_can_be_switched(visit):
    page = visit(locale="zh-CN")

    _expect(page.get_by_role("tab", name="搜索")).to_be_visible()
    _expect(page.get_by_role("button", name="搜索")).to_be_visible()
    _ask(page, "厨房")
    _thumbnails(page).first.click()
    _expect(page.locator("#mm-panel")).to_contain_text("余弦相似度")

    page.get_by_label("English", exact=True).check()
    _expect(page.get_by_role("button", name="Search")).to_be_visible()
    _expect(page.locator("#mm-status")).to_contain_text("For “厨房”")
    _expect(page.locator("#mm-panel")).to_contain_text("cosine similarity")

    page.reload()
    _expect(page.get_by_role("tab", name="Search")).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_a_dropped_picture_finds_texts_and_pictures(visit, tmp_path):
    page = visit()

    _drop(page, _drawn(tmp_path / "dropped.png", "orange"))

    _expect(page.locator("#mm-status")).to_contain_text("For the picture")
    _expect(_thumbnails(page)).to_have_count(24)
    _expect(page.locator("#mm-texts button")).to_have_count(24)


def test_a_picture_can_be_pasted(visit):
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

    _expect(page.locator("#mm-status")).to_contain_text("For the picture")


def test_what_is_not_a_picture_gets_a_reason(visit, tmp_path):
    fake = tmp_path / "not.jpg"
    fake.write_text("this is text")
    page = visit()

    page.locator("#mm-picture input[type=file]").set_input_files(fake)

    _expect(page.locator("#mm-status")).to_contain_text("That did not work")


@pytest.mark.parametrize("words", ["   ", "?" * 3000, "'; DROP TABLE items; --"])
def test_nonsense_never_breaks_the_page(visit, words):
    page = visit()

    page.locator("#mm-words textarea").fill(words)
    page.get_by_role("button", name="Search").click()

    _expect(page.locator("#mm-status")).to_contain_text(ANSWER if words.strip() else "nothing to search for yet")


def test_a_folder_is_indexed_found_and_never_trusted(visit, tmp_path):
    folder = tmp_path / "mine"
    folder.mkdir()
    for colour in ("red", "blue", "green"):
        _drawn(folder / f"{colour}.png", colour)
    (folder / "broken.jpg").write_text("not a picture")
    row = {"image": "red.png", "en": [HOSTILE], "title": HOSTILE, "author": HOSTILE, "source": "javascript:alert(1)"}
    (folder / "captions.jsonl").write_text(json.dumps(row) + "\n")
    page = visit()

    page.get_by_role("tab", name="Index").click()
    page.locator("#mm-folder textarea").fill(str(folder))
    page.get_by_role("button", name="Start").click()
    progress = page.locator("#mm-progress")
    _expect(progress).to_contain_text("3 added")
    _expect(progress).to_contain_text("broken.jpg")
    _expect(page.locator("#mm-history")).to_contain_text(str(folder))

    page.get_by_role("tab", name="Search").click()
    _expect(page.locator("#mm-collection input")).to_have_value(re.compile("^library"))
    _ask(page, "a red ball")
    _expect(_thumbnails(page)).to_have_count(3)
    for index in range(3):
        _thumbnails(page).nth(index).click()
        _expect(page.locator("#mm-panel code")).to_contain_text(str(folder))
        if "red.png" in page.locator("#mm-panel code").inner_text():
            break

    panel = page.locator("#mm-panel")
    _expect(panel.get_by_role("heading", name=HOSTILE)).to_be_visible()
    assert panel.locator("script, img[onerror], a[href^=javascript]").count() == 0
    assert page.title() == "mmsearch"


def test_a_run_can_be_watched_from_another_page_cancelled_and_resumed(visit, tmp_path):
    folder = tmp_path / "many"
    folder.mkdir()
    Image.effect_noise((1600, 1200), 64).convert("RGB").save(tmp_path / "noise.jpg")
    noise = (tmp_path / "noise.jpg").read_bytes()
    for n in range(MANY):
        (folder / f"{n}.jpg").write_bytes(noise + b"%d" % n)  # bytes after the end make it another file
    page = visit()

    page.get_by_role("tab", name="Index").click()
    page.locator("#mm-folder textarea").fill(str(folder))
    page.get_by_label("Collection").last.fill("many")
    page.get_by_role("button", name="Start").click()
    _expect(page.get_by_role("progressbar")).to_be_visible()
    other = visit()
    _ask(other, "pizza")
    _expect(_thumbnails(other)).to_have_count(24)
    other.get_by_role("tab", name="Index").click()
    _expect(other.locator("#mm-progress")).to_contain_text(f"of {MANY}")
    other.get_by_role("button", name="Cancel").click()
    _expect(page.locator("#mm-progress")).to_contain_text("Cancelled; what was done is kept")

    page.get_by_role("button", name="Start").click()
    _expect(page.locator("#mm-history tbody tr")).to_contain_text(["done", "cancelled"], timeout=FIRST_ANSWER)


def test_a_folder_that_is_not_there_is_said_as_it_was_written(visit):
    page = visit()

    page.get_by_role("tab", name="Index").click()
    page.locator("#mm-folder textarea").fill(f"/nowhere/{HOSTILE}")
    page.get_by_role("button", name="Start").click()

    _expect(page.locator("#mm-progress")).to_contain_text(HOSTILE)
    page.locator("#mm-folder textarea").fill("")
    page.get_by_role("button", name="Start").click()
    _expect(page.get_by_test_id("toast-body")).to_contain_text("Write the path of a folder first.")
    assert page.title() == "mmsearch"


def test_the_page_works_on_a_phone(visit):
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True)

    _ask(page, "elephants in the water")
    _expect(_thumbnails(page).first).to_be_in_viewport()
    _thumbnails(page).first.tap()

    _expect(page.get_by_role("button", name="Close", exact=True)).to_be_in_viewport()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_only_thumbnails_leave_the_server(app_url):
    refused = []
    for path in ("/etc/passwd", str(Path(__file__).resolve())):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(f"{app_url}gradio_api/file={path}")  # noqa: S310 - our own address
        refused.append(caught.value.code)
        caught.value.close()

    assert refused == [403, 403]


def test_a_file_of_the_server_cannot_be_passed_off_as_an_upload(app_url):
    picture = {"path": str(Path(__file__).resolve()), "meta": {"_type": "gradio.FileData"}}
    body = json.dumps({"data": ["", picture, "image", 12, None, "en"]}).encode()
    address = f"{app_url}gradio_api/call/search"

    request = urllib.request.Request(address, body, {"Content-Type": "application/json"})  # noqa: S310
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{address}/{event}") as answer:  # noqa: S310
        told = answer.read().decode()

    assert "event: error" in told
