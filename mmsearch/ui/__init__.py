"""The browser app: what it says, what it does, and how it is laid out."""

from typing import TYPE_CHECKING

from mmsearch.ui.jobs import warm_in_background

if TYPE_CHECKING:
    from mmsearch.engine import Engine

__all__ = ["serve", "warm_in_background"]


def serve(engine: "Engine", *, host: str | None = None, port: int | None = None, open_browser: bool = True) -> None:
    """Serve the app around an engine until it is stopped, then close the engine.

    The arguments are those of `mmsearch.ui.serving.launch`.
    """
    with engine:
        warm_in_background(engine)  # first: both this and the import of Gradio take seconds
        from mmsearch.ui.blocks import build_demo
        from mmsearch.ui.serving import launch

        launch(build_demo(engine, host=host), engine, host=host, port=port, open_browser=open_browser)
