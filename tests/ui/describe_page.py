"""Builds the page in a process of its own and prints what it is like, as JSON: `python -m tests.ui.describe_page`.

Gradio leaves event loops and sockets open, which pytest would report against whichever test runs next.
"""

import json
import sys
from pathlib import Path

import gradio as gr

from mmsearch.ui.blocks import _merge, build_demo
from mmsearch.ui.serving import _theme
from tests.ui.fakes import FakeEngine


def main() -> None:
    engine = FakeEngine(Path(sys.argv[1]), ready=False)
    demo = build_demo(engine)
    facts = {
        "ready": engine.ready,
        "public": sorted(fn.api_name for fn in demo.fns.values() if fn.api_visibility == "public"),
        "analytics": demo.analytics_enabled,
        "config": str(demo.get_config_file()),
        "stylesheets": str(_theme()._stylesheets),
        "merged": _merge({"a": gr.update(label="x"), "b": 1}, {"a": gr.update(value=2)}),
    }
    sys.stdout.write(json.dumps(facts))


if __name__ == "__main__":
    main()
