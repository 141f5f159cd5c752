"""Builds the page in a process of its own and prints what it is like, as JSON: `python -m tests.ui.describe_page`.

Gradio leaves event loops and sockets open, which pytest would report against whichever test runs next.
"""

import json
import sys
from pathlib import Path

from gradio.utils import get_upload_folder

from mmsearch.errors import BadInput
from mmsearch.ui.blocks import build_demo
from mmsearch.ui.serving import _theme
from mmsearch.ui.uploads import arrived
from tests.ui.fakes import FakeEngine


def main() -> None:
    home = Path(sys.argv[1])
    engine = FakeEngine(home, ready=False)
    demo = build_demo(engine)
    functions = {fn.api_name: fn for fn in demo.fns.values()}
    facts = {
        "ready": engine.ready,
        "public": sorted(name for name, fn in functions.items() if fn.api_visibility == "public"),
        "queued": sorted(name for name, fn in functions.items() if fn.queue),
        "analytics": demo.analytics_enabled,
        "stylesheets": str(_theme()._stylesheets),
        "problem": functions["search"].fn("", None, "image", 3, "", ""),
        "refused": [_refusal({"path": path}) for path in (__file__, str(home), "", "/etc/passwd")],
    }
    sys.stdout.write(json.dumps(facts))


def _refusal(picture: dict) -> str:
    try:
        return str(arrived(picture, Path(get_upload_folder())))
    except BadInput as error:
        return str(error)


if __name__ == "__main__":
    main()
