"""The page around a search: language, theme, what others may see, what leaves the server, and axe."""

import json
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from tests.browser.acting import FIRST_ANSWER, PHONE, ask, barriers, expect, needs_the_app, panel, status, tiles

pytestmark = needs_the_app
ROOT = Path(__file__).resolve().parents[2]


def test_the_page_speaks_the_browsers_language_and_remembers_another(visit):
    page = visit(locale="zh-CN")
    expect(page.get_by_role("button", name="搜索", exact=True)).to_be_visible()
    ask(page, "厨房")
    tiles(page).first.click()
    expect(panel(page)).to_contain_text("余弦相似度")

    page.locator("#mm-language").click()

    expect(page.get_by_role("button", name="Search", exact=True)).to_be_visible()
    expect(status(page)).to_contain_text("for “厨房”")
    expect(panel(page)).to_contain_text("cosine similarity")
    page.reload()
    expect(page.get_by_role("button", name="Search", exact=True)).to_be_visible()
    assert page.evaluate("document.documentElement.lang") == "en"


def test_the_theme_follows_the_system_and_remembers_another(visit):
    page = visit(color_scheme="dark")
    assert page.evaluate("document.body.classList.contains('dark')")

    page.locator("#mm-theme").click()
    page.reload()
    page.locator("#mm-theme").wait_for()

    assert not page.evaluate("document.body.classList.contains('dark')")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_about_page_credits_every_picture(visit):
    page = visit("?view=about")
    rows = [json.loads(row) for row in (ROOT / "data" / "captions.jsonl").read_text("utf8").splitlines()]

    rows_shown = page.locator("#mm-credits li")
    expect(rows_shown).to_have_count(len(rows), timeout=FIRST_ANSWER)

    told = page.locator("#mm-credits").text_content()  # all of it: what is off the screen is not laid out
    assert all(row["title"] in told for row in rows)
    named = [row["author"] for row in rows if row["author"] != "see link"]
    assert all(author in told for author in named)
    assert told.count("author: see the source") == len(rows) - len(named)
    links = page.evaluate("[...document.querySelectorAll('#mm-credits a')].map((link) => link.href)")
    assert {row["source"] for row in rows if row.get("source", "").startswith("http")} <= set(links)


@pytest.mark.parametrize(
    ("address", "visitor"),
    [
        ("", {}),
        ("?q=pizza", {}),
        ("?q=pizza", {"color_scheme": "dark"}),
        ("?q=pizza", PHONE),
        ("?q=pizza&for=text", {}),
        ("?view=index", {}),
        ("?view=index", {"color_scheme": "dark"}),
        ("?view=about", {"locale": "zh-CN"}),
    ],
    ids=["landing", "results", "dark", "phone", "texts", "index", "index-dark", "about"],
)
def test_axe_finds_nothing_serious(visit, address, visitor):
    page = visit(address, **visitor)
    page.locator(".mm-tile, #mm-texts button, .mm-card, #mm-credits img").first.wait_for(timeout=FIRST_ANSWER)
    if "q=" in address:
        page.locator(".mm-tile, #mm-texts button").first.click()
        expect(panel(page).locator("code")).to_be_attached()
    page.wait_for_timeout(300)  # the sheet has risen

    assert barriers(page) == []


def test_the_originals_and_other_files_stay_on_the_server(app_url):
    refused = []
    for path in (
        "gradio_api/file=/etc/passwd",
        f"gradio_api/file={Path(__file__).resolve()}",
        f"gradio_api/file={next((ROOT / 'data' / 'photos').iterdir())}",
        "mmsearch/pictures/original/1/00.jpg",
        "mmsearch/pictures/small/1/..%2f..%2fmmsearch.db.jpg",
        "mmsearch/page/x/..%2fblocks.py",
        "mmsearch/page/x/__init__.py",
    ):
        with pytest.raises(urllib.error.HTTPError) as caught:
            urllib.request.urlopen(app_url + path)  # noqa: S310 - our own address
        refused.append(caught.value.code)
        caught.value.close()

    assert set(refused) <= {403, 404}


def test_a_file_of_more_than_50_megabytes_is_not_taken(app_url):
    edge = "edge-of-a-part"
    head = f'--{edge}\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'.encode()
    body = head + bytes(51 << 20) + f"\r\n--{edge}--\r\n".encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={edge}"}

    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(urllib.request.Request(f"{app_url}gradio_api/upload", body, kind))  # noqa: S310

    assert caught.value.code == 413
    caught.value.close()


def test_the_page_of_another_site_cannot_call_the_endpoints(app_url):
    address, elsewhere = f"{app_url}gradio_api/run/remove_collection", {"Origin": "https://elsewhere.example"}
    asking_first = elsewhere | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }

    allowed = _headers(urllib.request.Request(address, headers=asking_first, method="OPTIONS"))  # noqa: S310
    plain = urllib.request.Request(address, b'{"data": ["x"]}', elsewhere | {"Content-Type": "text/plain"})  # noqa: S310

    assert allowed.get("Access-Control-Allow-Origin") not in {"*", "https://elsewhere.example"}
    with pytest.raises(urllib.error.HTTPError) as caught:  # what needs no asking first is not understood
        urllib.request.urlopen(plain)  # noqa: S310
    assert caught.value.code == 422
    caught.value.close()


def _headers(request):
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
            return answer.headers
    except urllib.error.HTTPError as error:
        error.close()
        return error.headers


def test_pictures_may_be_kept_by_the_browser(app_url):
    told = _call(app_url, "browse", "samples", 0)["items"][0]

    with urllib.request.urlopen(f"{app_url}mmsearch/pictures/small/{told['id']}/{told['hash']}.jpg") as answer:  # noqa: S310
        assert "immutable" in answer.headers["Cache-Control"]
        assert answer.headers["Content-Type"] == "image/jpeg"


def test_a_file_of_the_server_cannot_be_passed_off_as_an_upload(app_url):
    mine = {"path": str(Path(__file__).resolve()), "orig_name": "a.png"}

    assert "did not arrive" in _call(app_url, "search", "", mine, "image", 12, "", "")["problem"]
    assert "did not arrive" in _call(app_url, "index_uploads", [mine], "x")["problem"]
    with pytest.raises(urllib.error.HTTPError, match="500") as caught:  # Gradio itself refuses what says it is a file
        _call(app_url, "search", "", mine | {"meta": {"_type": "gradio.FileData"}}, "image", 12, "", "")
    caught.value.close()
    assert Path(__file__).exists()


def _call(app_url, endpoint, *given):
    body = json.dumps({"data": given}).encode()
    request = urllib.request.Request(  # noqa: S310
        f"{app_url}gradio_api/run/{endpoint}", body, {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310 - our own address
        return json.load(answer)["data"][0]
