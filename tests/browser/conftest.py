"""The real app in a process of its own, and a real Chromium."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app.py"
START_SECONDS = 60  # a cold disk and a busy machine
CHROMIUM = shutil.which("chromium")
CHROMIUM_OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)


@pytest.fixture(scope="session")
def app_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the address of the app, started with an empty home."""
    with started_app(tmp_path_factory.mktemp("user")) as url:
        yield url


@contextmanager
def started_app(folder: Path, **more: str) -> Iterator[str]:
    """Start the app with a home in `folder` and `more` in its environment; stop it at the end."""
    port = _free_port()
    home, log = folder / ".local" / "share" / "mmsearch", folder / "app.log"  # hidden, as by default on Linux
    home.parent.mkdir(parents=True)
    environ = {name: value for name, value in os.environ.items() if name not in {"SPACE_ID", "GRADIO_SERVER_NAME"}}
    environ |= {"MMSEARCH_HOME": str(home), "MMSEARCH_COLLECTION": "samples", "CI": "1"}
    environ |= {"GRADIO_SERVER_PORT": str(port), "GRADIO_TEMP_DIR": str(folder / "uploads")} | more
    with log.open("w") as output:
        process = subprocess.Popen([sys.executable, APP], cwd=ROOT, env=environ, stdout=output, stderr=output)
    try:
        _wait_for(f"http://127.0.0.1:{port}/", process, log)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture(scope="session")
def chromium() -> Iterator["playwright.Browser"]:
    if CHROMIUM is None:
        pytest.skip("there is no chromium on the PATH (Debian: apt-get install chromium fonts-noto-cjk)")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=list(CHROMIUM_OPTIONS))
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, app_url):
    """Return a function that opens the app as a new visitor; afterwards what went wrong in the page is reported."""
    contexts, trouble = [], []

    def open_page(address="", url=app_url, **visitor) -> "playwright.Page":
        context = chromium.new_context(**{"locale": "en-GB", "viewport": {"width": 1280, "height": 900}} | visitor)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: trouble.append(request.url) if _is_outside(request.url) else None)
        page.on("pageerror", lambda error: trouble.append(str(error)))
        page.on("dialog", lambda dialog: (trouble.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda line: trouble.append(line.text) if line.type == "error" else None)
        page.goto(url + address)
        page.locator("#mm-words").wait_for()
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [what for what in trouble if not _is_expected(what)] == []


def _is_expected(trouble: str) -> bool:
    """Whether it is the browser's note on a picture that is gone, which a test of it cannot help."""
    return "404" in trouble


def _is_outside(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:"))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.05)  # polling a port: there is nothing to wait on
    pytest.fail(f"{url} did not answer within {START_SECONDS} s:\n{log.read_text()[-3000:]}")
