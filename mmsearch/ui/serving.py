"""Puts the app on the network."""

import socket
from pathlib import Path
from typing import TYPE_CHECKING

import gradio as gr
from gradio.utils import get_upload_folder

from mmsearch.ui import hosting, page
from mmsearch.ui.routes import routes

if TYPE_CHECKING:
    from mmsearch.engine import Engine

UPLOAD_LIMIT = "50mb"
SANS = ("system-ui", "Segoe UI", "Roboto", "Noto Sans", "PingFang SC", "Microsoft YaHei", "sans-serif")
MONO = ("ui-monospace", "Consolas", "monospace")


def launch(
    demo: gr.Blocks, engine: "Engine", *, host: str | None = None, port: int | None = None, open_browser: bool = True
) -> None:
    """Serve the app until it is stopped.

    Args:
        demo: What `build_demo` made.
        engine: What it was made around.
        host: Name or address to listen on; None reads GRADIO_SERVER_NAME, else 127.0.0.1.
        port: 0 takes any free one; None reads GRADIO_SERVER_PORT, else the first free one from 7860.
        open_browser: Open a browser window, where there is a desktop.
    """
    demo.launch(
        server_name=host,
        server_port=_free_port(host or "127.0.0.1") if port == 0 else port,
        inbrowser=open_browser and hosting.has_desktop(),
        theme=_theme(),
        head=page.head(),
        app_kwargs={"routes": routes(engine, Path(get_upload_folder()))},
        footer_links=[],
        run_history=False,
        show_error=True,
        max_file_size=UPLOAD_LIMIT,
        ssr_mode=False,
        pwa=False,
    )


def _theme() -> gr.themes.Base:
    """Use the fonts that the visitor has: nothing is fetched."""
    return gr.themes.Default(
        primary_hue="teal",
        neutral_hue="slate",
        font=[gr.themes.Font(name) for name in SANS],
        font_mono=[gr.themes.Font(name) for name in MONO],
    )


def _free_port(host: str) -> int:
    """Return a port that nobody listens on; Gradio itself does not take 0."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
