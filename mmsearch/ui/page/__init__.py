"""The scripts and styles of the page, and the address they are served under."""

import functools
import hashlib
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
FILES: Final = ("*.js", "*.css")

# What Gradio runs once it has made room for the page.
START: Final = """
const boot = props.boot;
const main = new URL(`${boot.page}/main.js`, document.baseURI).href;
import(main).then((page) => page.start(element.querySelector("#mm-app"), boot));
"""


@functools.cache
def address() -> str:
    """Return where the page finds its scripts, relative to itself; it changes with them, so they may be kept."""
    digest = hashlib.blake2b(digest_size=8)
    for file in sorted(file for kind in FILES for file in FOLDER.glob(kind)):
        digest.update(file.read_bytes())
    return f"mmsearch/page/{digest.hexdigest()}"


def head() -> str:
    """Return what the page's head needs, so that nothing is waited for twice."""
    scripts = sorted(file.name for file in FOLDER.glob("*.js"))
    preloads = "".join(f'<link rel="modulepreload" href="{address()}/{name}">' for name in scripts)
    sheets = sorted(file.name for file in FOLDER.glob("*.css"))
    styles = "".join(f'<link rel="stylesheet" href="{address()}/{name}">' for name in sheets)
    return f'<meta name="color-scheme" content="light dark">{styles}{preloads}'
