"""Starts the app in the browser; a Hugging Face Space runs this file too."""

from mmsearch import load_settings, open_engine
from mmsearch.ui import warm_in_background

engine = open_engine(load_settings())
warm_in_background(engine)  # before Gradio is imported: loading the encoder and importing Gradio overlap

from mmsearch.ui.blocks import build_demo  # noqa: E402
from mmsearch.ui.serving import launch  # noqa: E402

demo = build_demo(engine)

if __name__ == "__main__":
    launch(demo, engine)
