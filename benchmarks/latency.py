"""How long from Enter to the pictures in a browser, and how smoothly a gallery of 300 scrolls.

    python -m benchmarks.latency [--pictures FOLDER] [--drawn 5000]

Chromium types a query it has not asked before, presses Enter, and the clock of the page runs until every picture
that lies in the window is decoded and a frame has been painted. Three visitors: one who has looked through the bundled
collection before asking, one who asks at once, and one who asks a large collection (a folder, or drawn here). The
thumbnails are made in each case; the browsers of the latter two have loaded none of them.
"""

import argparse
import math
import os
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from PIL import Image, ImageDraw
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.machine import ROOT, write_result
from benchmarks.startup import OPTIONS, free_port, wait_for

NOUNS = (
    *("a cat", "a dog", "two elephants", "a plane", "pizza", "a bear", "a bridge", "a train", "surfers", "a kitchen"),
    *(
        "雪山",
        "厨房",
        "一只鸟",
        "夜晚的城市",
        "骑车的人",
        "a red flower",
        "an old boat",
        "a clock",
        "sheep",
        "a desert",
    ),
    *("people in the rain", "a football match", "a cake", "a laptop", "花", "大海"),
)
WINDOW = {"width": 1440, "height": 900}
SCROLLED = 12_000  # pixels
# Seconds are too coarse and Playwright's own clock counts its messages too, so the page measures itself.
MEASURE = """(words) => new Promise((resolve) => {
    const input = document.querySelector("#mm-words");
    const before = document.querySelector("#mm-gallery li");
    let begun;
    input.value = words;
    input.dispatchEvent(new Event("input", { bubbles: true }));
    input.addEventListener("keydown", () => (begun = performance.now()), { once: true, capture: true });
    const seen = (tile) => tile.getBoundingClientRect().top < innerHeight;
    const painted = () => requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begun), 0));
    new MutationObserver(async (_, observer) => {
        if (document.querySelector("#mm-gallery li") === before) return;
        observer.disconnect();
        const shown = [...document.querySelectorAll(".mm-tile")].filter(seen).map((tile) => tile.querySelector("img"));
        await Promise.all(shown.map((image) => image.decode().catch(() => {})));
        painted();
    }).observe(document.querySelector(".mm-found"), { childList: true, subtree: true });
    input.focus();
})"""
SCROLL = """(pixels) => new Promise((resolve) => {
    const frames = [];
    const begun = performance.now();
    let last = begun;
    const step = (now) => {
        frames.push(now - last);
        last = now;
        window.scrollTo(0, Math.min((now - begun) * pixels / 4000, pixels));
        if (now - begun < 4000) requestAnimationFrame(step);
        else resolve(frames.slice(1));
    };
    requestAnimationFrame(step);
})"""


def main() -> None:
    """Measure both collections and write the result."""
    parser = argparse.ArgumentParser(description="Time from Enter to the pictures in a browser.")
    parser.add_argument("--pictures", type=Path, help="A folder of pictures instead of drawn ones.")
    parser.add_argument("--drawn", type=int, default=5000, help="How many to draw where no folder is given.")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as home, sync_playwright() as driver:
        large = asked.pictures or _draw(Path(home) / "drawn", asked.drawn)
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(OPTIONS))
        with _started(home) as url:
            page = _visitor(browser, url)
            _look_through(page)
            samples = _ask_all(page)
            at_once = _ask_all(_visitor(browser, url))
            _index(page, url, large)
            many = _ask_all(_visitor(browser, f"{url}?in=large"))
            scroll = _scroll(_visitor(browser, f"{url}?in=large&q=water&n=300"))
        browser.close()
    result = {
        "queries": len(NOUNS),
        "window": WINDOW,
        "samples_ms": samples,
        "samples_at_once_ms": at_once,
        "large_ms": many,
        "scroll_300": scroll,
    }
    print(write_result("latency", result))


@contextmanager
def _started(home: str) -> Iterator[str]:
    """Serve the app with a home of its own, and stop it at the end."""
    port = free_port()
    environ = os.environ | {"MMSEARCH_HOME": home, "GRADIO_SERVER_PORT": str(port), "CI": "1"}
    environ["MMSEARCH_COLLECTION"] = "samples"
    quiet = subprocess.DEVNULL
    process = subprocess.Popen([sys.executable, "app.py"], cwd=ROOT, env=environ, stdout=quiet, stderr=quiet)
    try:
        wait_for(f"http://127.0.0.1:{port}/")
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


def _visitor(browser: Browser, url: str) -> Page:
    """Open the app in a browser that has never been there."""
    page = browser.new_context(viewport=WINDOW).new_page()
    page.set_default_timeout(900_000)
    page.goto(url)
    page.locator(".mm-tile").first.wait_for()
    page.wait_for_timeout(1000)
    return page


def _look_through(page: Page) -> None:
    """Scroll through the bundled collection, as a visitor does who looks around before asking."""
    total = -1
    while total != (total := page.locator(".mm-tile").count()):
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        page.wait_for_timeout(1500)


def _ask_all(page: Page) -> dict[str, object]:
    """Ask every query once and return the milliseconds until its pictures were painted."""
    times = []
    for words in NOUNS:
        page.evaluate("window.measured = null")
        page.evaluate(f"(words) => {{ window.measured = ({MEASURE})(words); }}", words)
        page.keyboard.press("Enter")
        times.append(round(page.evaluate("window.measured"), 1))
        page.wait_for_timeout(300)
    return _summary(times)


def _scroll(page: Page) -> dict[str, object]:
    """Scroll through 300 hits at 3,000 pixels a second and return the milliseconds between frames."""
    page.locator(".mm-tile").nth(200).wait_for(state="attached")
    frames = page.evaluate(SCROLL, SCROLLED)
    long = sum(frame > 50 for frame in frames)
    return _summary([round(frame, 1) for frame in frames]) | {"frames": len(frames), "longer_than_50_ms": long}


def _index(page: Page, url: str, folder: Path) -> None:
    """Index a folder through the page, and make the thumbnails that the queries will show."""
    page.goto(f"{url}?view=index")
    page.locator("#mm-into").fill("large")
    page.locator("#mm-folder").fill(str(folder))
    page.locator("#mm-start").click()
    page.locator("#mm-progress h2", has_text="Done").wait_for()
    page.goto(f"{url}?in=large")
    for words in NOUNS:
        page.locator("#mm-words").fill(words)
        page.keyboard.press("Enter")
        page.wait_for_function("(words) => document.querySelector('#mm-status').textContent.includes(words)", arg=words)
        page.wait_for_function(
            "[...document.querySelectorAll('.mm-tile img')].slice(0, 24).every((one) => one.complete)"
        )


def _draw(folder: Path, n: int) -> Path:
    """Draw small pictures that differ; return their folder."""
    folder.mkdir()
    numbers = random.Random(1)
    for name in range(n):
        width, height = numbers.choice([(320, 240), (240, 320), (320, 200)])
        picture = Image.new("RGB", (width, height), tuple(numbers.randrange(256) for _ in range(3)))
        draw = ImageDraw.Draw(picture)
        for _ in range(6):
            left, top = numbers.randrange(width - 40), numbers.randrange(height - 40)
            box = (left, top, left + numbers.randrange(20, 160), top + numbers.randrange(20, 160))
            draw.ellipse(box, fill=tuple(numbers.randrange(256) for _ in range(3)))
        picture.save(folder / f"{name}.jpg", quality=85)
    return folder


def _summary(times: list[float]) -> dict[str, object]:
    ranked = sorted(times)
    p95 = ranked[math.ceil(0.95 * len(ranked)) - 1]
    return {"p50": median(ranked), "p95": p95, "worst": ranked[-1], "all": times if len(times) < 100 else []}


if __name__ == "__main__":
    main()
