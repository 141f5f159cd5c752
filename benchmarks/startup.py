"""How long from starting the app to the first answer in a browser, and where the time goes.

    python -m benchmarks.startup [--repeats 5]

Chromium runs already; the clock starts with the app's process and stops when the first picture of the answer is on
the screen. The query is typed as soon as the page can take it, so that it waits for whatever is not loaded yet.
"first" starts with an empty home and "again" with the one that the first start left.
"""

import argparse
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from statistics import median

from playwright.sync_api import Page, sync_playwright

from benchmarks.machine import ROOT, write_result

QUERY = "a cat and a computer"
OPTIONS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync")
GIVE_UP = 120  # seconds


def main() -> None:
    """Start the app several times and write what each phase took."""
    parser = argparse.ArgumentParser(description="Time from start to the first answer in a browser.")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.serve:
        _serve()
        return
    first, again = [], []
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=shutil.which("chromium"), args=list(OPTIONS))
        for _ in range(asked.repeats):
            with tempfile.TemporaryDirectory() as home:
                first.append(_start(browser.new_context().new_page(), home))
                again.append(_start(browser.new_context().new_page(), home))
        browser.close()
    print(write_result("startup", {"query": QUERY, "first": _summary(first), "again": _summary(again)}))


def _serve() -> None:
    """Do what app.py does and print when each step was done, as seconds since the epoch."""
    _done("python")
    from mmsearch.engine import Engine, load_settings
    from mmsearch.ui.jobs import warm_in_background

    _done("import_engine")
    from mmsearch.encoders.base import DualEncoder

    def load(name: str) -> DualEncoder:
        from mmsearch.encoders.registry import load_encoder

        encoder = load_encoder(name)
        encoder.load()
        _done("encoder_loaded")
        return encoder

    engine = Engine(load_settings(), load=load)
    _done("store_opened")
    warming = warm_in_background(engine)
    threading.Thread(target=_done_after, args=(warming,), daemon=True).start()
    from mmsearch.ui.blocks import build_demo
    from mmsearch.ui.serving import launch

    _done("import_gradio")
    demo = build_demo(engine)
    _done("page_built")
    launch(demo, engine)


def _done_after(thread: threading.Thread) -> None:
    thread.join()
    _done("warm")


def _done(step: str) -> None:
    print(json.dumps({"step": step, "at": time.time()}), file=sys.stderr, flush=True)


def _start(page: Page, home: str) -> dict[str, float]:
    """Start the app once; return the seconds since its start at which each step was done."""
    port = free_port()
    environ = os.environ | {"MMSEARCH_HOME": home, "GRADIO_SERVER_PORT": str(port), "CI": "1"}
    with tempfile.TemporaryFile("w+") as log:
        began = time.time()
        command = [sys.executable, "-m", "benchmarks.startup", "--serve"]
        process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL, stderr=log)
        try:
            steps = _visit(page, f"http://127.0.0.1:{port}/")
        finally:
            process.terminate()
            process.wait(10)
        log.seek(0)
        for line in log:
            if line.startswith('{"step"'):
                told = json.loads(line)
                steps[told["step"]] = told["at"]
    page.context.close()
    return {step: round(at - began, 3) for step, at in steps.items()}


def _visit(page: Page, url: str) -> dict[str, float]:
    """Open the page as soon as it is served, ask, and note when each step was done."""
    page.set_default_timeout(1000 * GIVE_UP)
    wait_for(url)
    steps = {"serving": time.time()}
    page.goto(url)
    page.locator("#mm-words").wait_for()
    steps["page_ready"] = time.time()
    page.locator("#mm-words").fill(QUERY)
    page.locator("#mm-words").press("Enter")
    page.wait_for_function(
        "(words) => document.querySelector('#mm-status').textContent.includes(words) && "
        "document.querySelector('#mm-gallery img')?.naturalWidth > 0",
        arg=QUERY,
    )
    steps["first_answer"] = time.time()
    return steps


def wait_for(url: str) -> None:
    """Wait until an address answers."""
    deadline = time.monotonic() + GIVE_UP
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 - our own address
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            time.sleep(0.02)
    raise SystemExit(f"{url} did not answer within {GIVE_UP} s.")


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _summary(runs: list[dict[str, float]]) -> dict[str, object]:
    """Return the median second at which each step was done, in order, and all runs."""
    steps = {step: median(run[step] for run in runs if step in run) for run in runs for step in run}
    return {"seconds_at": dict(sorted(steps.items(), key=lambda pair: pair[1])), "runs": runs}


if __name__ == "__main__":
    main()
