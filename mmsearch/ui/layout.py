"""Where things stand on the page and the words on them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import gradio as gr

from mmsearch.types import Modality
from mmsearch.ui import handlers, hosting, scripts
from mmsearch.ui.handlers import View
from mmsearch.ui.strings import LANGUAGES, say

EXAMPLES = ("a cat and a computer", "elephants", "a plane on a runway", "pizza")
EXAMPLES_ZH = ("一只熊", "厨房", "骑摩托车的人", "雨中撑伞的人")
POLL_SECONDS = 0.5

C = TypeVar("C", bound=gr.blocks.Block)
Changes = dict[Any, Any]  # component -> its new value or its update
Wording = str | Callable[[str], object]  # key of a string, or what to make of the language


class Labels:
    """Builds components with words on them and says those words again in another language."""

    def __init__(self) -> None:
        self._worded: list[tuple[gr.blocks.Block, dict[str, Wording]]] = []

    def make(self, kind: Callable[..., C], wording: dict[str, Wording], **properties: Any) -> C:  # noqa: ANN401 - whatever the component takes
        """Build a component whose properties in `wording` are in English until `updates` says otherwise."""
        component = kind(**self._said(wording, "en"), **properties)
        self._worded.append((component, wording))
        return component

    def updates(self, language: str) -> Changes:
        """Return the changes that put every component into `language`."""
        return {component: gr.update(**self._said(wording, language)) for component, wording in self._worded}

    @staticmethod
    def _said(wording: dict[str, Wording], language: str) -> dict[str, Any]:
        return {
            name: say(language, what) if isinstance(what, str) else what(language) for name, what in wording.items()
        }


@dataclass(frozen=True)
class SearchTab:
    """The components of the search tab."""

    words: gr.Textbox
    button: gr.Button
    picture: gr.Image
    target: gr.Radio
    k: gr.Dropdown
    collection: gr.Dropdown
    examples: gr.Dataset
    status: gr.HTML
    gallery: gr.Gallery
    texts: gr.HTML
    panel: gr.Column
    details: gr.HTML
    more: gr.Button
    close: gr.Button
    view: gr.State
    opened: gr.State


@dataclass(frozen=True)
class IndexTab:
    """The components of the index tab."""

    folder: gr.Textbox
    collection: gr.Textbox
    include: gr.Textbox
    exclude: gr.Textbox
    start: gr.Button
    cancel: gr.Button
    progress: gr.HTML
    history: gr.HTML
    timer: gr.Timer


def lay_out_header(labels: Labels) -> gr.Radio:
    """Lay out the title and the switch of languages; return the switch."""

    def heading(language: str) -> str:
        return f"<h1>{say(language, 'title')}</h1><p>{say(language, 'tagline')}</p>"

    with gr.Row(elem_id="mm-header"):
        labels.make(gr.HTML, {"value": heading}, scale=4, min_width=240)
        return labels.make(
            gr.Radio,
            {"label": "language"},
            choices=[(own_name, code) for code, own_name in LANGUAGES.items()],
            value="en",
            container=False,
            scale=0,
            min_width=230,
            elem_id="mm-language",
        )


def lay_out_search(labels: Labels) -> SearchTab:
    """Lay out the search tab."""
    with gr.Row(elem_id="mm-ask"):
        with gr.Column(scale=3, min_width=300):
            words, button = _lay_out_words(labels)
            target, k, collection = _lay_out_options(labels)
            examples = labels.make(
                gr.Dataset,
                {"label": "examples"},
                components=[words],
                samples=[[words] for words in EXAMPLES + EXAMPLES_ZH],
                elem_id="mm-examples",
            )
        picture = labels.make(
            gr.Image,
            {"label": "picture", "placeholder": "picture_hint"},
            type="filepath",
            image_mode=None,
            sources=["upload", "clipboard"],
            buttons=[],
            height=240,
            scale=1,
            min_width=240,
            elem_id="mm-picture",
        )
    status = gr.HTML(elem_id="mm-status")
    return SearchTab(
        words,
        button,
        picture,
        target,
        k,
        collection,
        examples,
        status,
        *_lay_out_results(labels),
        gr.State(View()),
        gr.State(),
    )


def _lay_out_words(labels: Labels) -> tuple[gr.Textbox, gr.Button]:
    with gr.Row(elem_id="mm-words-row"):
        words = labels.make(
            gr.Textbox,
            {"label": "words", "placeholder": "words_hint"},
            value="",
            lines=1,
            max_lines=3,
            scale=5,
            min_width=260,
            autofocus=True,
            elem_id="mm-words",
        )
        button = labels.make(gr.Button, {"value": "search"}, variant="primary", scale=0, min_width=120)
    return words, button


def _lay_out_options(labels: Labels) -> tuple[gr.Radio, gr.Dropdown, gr.Dropdown]:
    def targets(language: str) -> list[tuple[str, str]]:
        return [(say(language, f"target_{kind}"), kind.value) for kind in Modality]

    with gr.Row(elem_id="mm-options"):
        target = labels.make(
            gr.Radio, {"label": "target", "choices": targets}, value=Modality.IMAGE.value, scale=2, min_width=170
        )
        k = labels.make(
            gr.Dropdown, {"label": "k"}, choices=list(handlers.COUNTS), value=handlers.COUNTS[1], scale=1, min_width=90
        )
        collection = labels.make(
            gr.Dropdown, {"label": "collection"}, choices=[], scale=3, min_width=200, elem_id="mm-collection"
        )
    return target, k, collection


def _lay_out_results(
    labels: Labels,
) -> tuple[gr.Gallery, gr.HTML, gr.Column, gr.HTML, gr.Button, gr.Button]:
    with gr.Row(elem_id="mm-results"):
        with gr.Column(scale=3, min_width=300):
            gallery = labels.make(
                gr.Gallery,
                {"label": "found_pictures"},
                columns=4,
                height="auto",
                object_fit="cover",
                allow_preview=False,
                interactive=False,
                buttons=[],
                visible=False,
                show_label=False,
                elem_id="mm-gallery",
            )
            texts = gr.HTML(js_on_load=scripts.OPEN_TEXT, elem_id="mm-texts")
        with gr.Column(scale=2, min_width=280, visible=False, elem_id="mm-panel") as panel:
            with gr.Row():
                more = labels.make(gr.Button, {"value": "more_like_this"}, size="sm", variant="primary")
                close = labels.make(gr.Button, {"value": "close"}, size="sm")
            details = gr.HTML(elem_id="mm-details")
    return gallery, texts, panel, details, more, close


def lay_out_index(labels: Labels) -> IndexTab:
    """Lay out the index tab; on a hosted Space only the reason why there is none."""
    hosted = hosting.on_space()
    labels.make(gr.HTML, {"value": lambda language: f"<p>{say(language, 'hosted' if hosted else 'index_help')}</p>"})
    with gr.Column(visible=not hosted):
        with gr.Row():
            folder = labels.make(
                gr.Textbox, {"label": "folder", "placeholder": "folder_hint"}, value="", scale=3, elem_id="mm-folder"
            )
            collection = labels.make(gr.Textbox, {"label": "index_into"}, value="library", scale=1)
        with labels.make(gr.Accordion, {"label": "patterns"}, open=False), gr.Row():
            include = labels.make(gr.Textbox, {"label": "include", "placeholder": "include_hint"}, value="")
            exclude = labels.make(gr.Textbox, {"label": "exclude", "placeholder": "exclude_hint"}, value="")
        with gr.Row():
            start = labels.make(gr.Button, {"value": "start"}, variant="primary", elem_id="mm-start")
            cancel = labels.make(gr.Button, {"value": "cancel"}, interactive=False, elem_id="mm-cancel")
    progress = gr.HTML(elem_id="mm-progress")
    labels.make(gr.HTML, {"value": lambda language: f"<h3>{say(language, 'history')}</h3>"})
    history = gr.HTML(elem_id="mm-history")
    return IndexTab(
        folder, collection, include, exclude, start, cancel, progress, history, gr.Timer(POLL_SECONDS, active=False)
    )
