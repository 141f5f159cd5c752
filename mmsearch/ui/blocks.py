"""Joins the page to what happens. The layout is in `layout`, what happens in `handlers`, the words in `strings`."""

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, Any

import gradio as gr

from mmsearch.errors import MmsearchError
from mmsearch.ui import handlers, hosting, markup, scripts
from mmsearch.ui.handlers import Shown, View
from mmsearch.ui.jobs import IndexJobs
from mmsearch.ui.layout import Changes, IndexTab, Labels, SearchTab, lay_out_header, lay_out_index, lay_out_search
from mmsearch.ui.previews import picture_folder
from mmsearch.ui.strings import say

if TYPE_CHECKING:
    from mmsearch.engine import Engine

SEARCHES_AT_ONCE = 4
UPLOADS_KEPT = (3600, 86_400)  # seconds: look every hour, delete what is older than a day


def build_demo(engine: "Engine") -> gr.Blocks:
    """Lay out the app around an engine, which need not be warm yet."""
    gr.set_static_paths([picture_folder(engine)])  # served as they are; otherwise Gradio copies each file first
    jobs, labels = IndexJobs(engine), Labels()
    demo = gr.Blocks(title="mmsearch", analytics_enabled=False, delete_cache=UPLOADS_KEPT)
    with demo:
        language = lay_out_header(labels)
        with labels.make(gr.Tab, {"label": "search_tab"}, id="search"):
            search = lay_out_search(labels)
        with labels.make(gr.Tab, {"label": "index_tab"}, id="index"):
            index = lay_out_index(labels)
        _wire_search(engine, search, language)
        _wire_details(engine, search, language)
        _wire_index(engine, jobs, search, index, language)
        _wire_arrival(engine, jobs, labels, search, index, language, demo)
    demo.queue(default_concurrency_limit=SEARCHES_AT_ONCE)
    return demo


def _wire_search(engine: "Engine", tab: SearchTab, language: gr.Radio) -> None:
    def run(
        words: str, picture: dict[str, Any] | None, target: str, k: int, collection: str | None, language: str
    ) -> Iterator[Changes]:
        path = picture["path"] if picture else None
        if not engine.ready and (path or (words or "").strip()):
            yield {tab.status: markup.status(say(language, "warming"), "busy")}
        try:
            view = handlers.search(engine, words, path, target, k, collection)
        except MmsearchError as error:
            yield _refused(tab, error, language)
        else:
            yield _found(tab, view, language)

    def more(shown: Shown | None, k: int, language: str) -> Changes:
        if shown is None:
            return {tab.status: gr.skip()}
        try:
            return _found(tab, handlers.more_like(engine, shown, k), language)
        except MmsearchError as error:
            return _refused(tab, error, language)

    inputs = [tab.words, tab.picture, tab.target, tab.k, tab.collection, language]
    outputs = [tab.status, tab.gallery, tab.texts, tab.view, tab.panel, tab.opened]
    settled: dict[str, Any] = {"outputs": outputs, "show_progress": "minimal", "show_progress_on": tab.status}
    asked = [tab.words.submit, tab.button.click, tab.picture.input]
    changed = [tab.target.input, tab.k.input, tab.collection.input]
    tab.more.click(more, [tab.opened, tab.k, language], api_name="more_like_this", **settled)
    # Without Gradio's own reading of the inputs: it would open the picture and fail in its own words. That the
    # picture is one the visitor sent, not another file of the server, Gradio has checked by then.
    settled["preprocess"] = False
    found = gr.on([*asked, *changed], run, inputs, api_name="search", trigger_mode="always_last", **settled)
    found.then(js=scripts.SHOW_RESULTS, api_visibility="private")
    chosen = tab.examples.click(
        lambda sample: (sample[0], None), tab.examples, [tab.words, tab.picture], queue=False, api_visibility="private"
    )
    chosen.then(run, inputs, api_visibility="private", **settled).then(
        js=scripts.SHOW_RESULTS, api_visibility="private"
    )


def _found(tab: SearchTab, view: View, language: str) -> Changes:
    """Show what was found and close the panel of an earlier hit."""
    return {
        tab.status: handlers.status(view, language),
        tab.gallery: gr.update(value=handlers.gallery(view), visible=bool(view.pictures), selected_index=None),
        tab.texts: handlers.text_list(view, language),
        tab.view: view,
        tab.panel: gr.update(visible=False),
        tab.opened: None,
    }


def _refused(tab: SearchTab, error: MmsearchError, language: str) -> Changes:
    """Say what was wrong and leave the earlier results alone."""
    gr.Warning(escape(str(error)))  # Gradio would render HTML in it
    return {tab.status: handlers.problem(error, language)}


def _wire_details(engine: "Engine", tab: SearchTab, language: gr.Radio) -> None:
    def opened(shown: Shown, language: str) -> tuple[Any, str, Shown]:
        return gr.update(visible=True), handlers.details(engine, shown, language), shown

    def open_picture(view: View, language: str, event: gr.SelectData) -> tuple[Any, str, Shown]:
        return opened(view.pictures[event.index], language)

    def open_text(view: View, language: str, event: gr.EventData) -> tuple[Any, str, Shown]:
        return opened(view.texts[event.index], language)

    inputs, outputs = [tab.view, language], [tab.panel, tab.details, tab.opened]
    quiet: dict[str, Any] = {"show_progress": "hidden", "api_visibility": "private"}
    tab.gallery.select(open_picture, inputs, outputs, **quiet)
    tab.texts.select(open_text, inputs, outputs, **quiet)
    tab.close.click(lambda: (gr.update(visible=False), None), None, [tab.panel, tab.opened], queue=False, **quiet)


def _wire_index(engine: "Engine", jobs: IndexJobs, search: SearchTab, index: IndexTab, language: gr.Radio) -> None:
    def look(language: str) -> Changes:
        return _look(engine, jobs, search, index, language)

    def follow(language: str) -> Changes:
        """Look, and once the run is over turn the search to what it indexed."""
        now = look(language)
        if jobs.now.report is not None and search.collection in now:
            now[search.collection] = now[search.collection] | {"value": jobs.now.collection}
        return now

    def start(folder: str, collection: str, include: str, exclude: str, language: str) -> Changes:
        try:
            missing = handlers.start_indexing(jobs, folder, collection, include, exclude, hosted=hosting.on_space())
        except MmsearchError as error:
            gr.Warning(escape(str(error)))
        else:
            if missing:
                gr.Warning(say(language, missing))
            else:
                return follow(language)
        return look(language)

    def cancel(language: str) -> Changes:
        jobs.cancel()
        return look(language)

    quiet: dict[str, Any] = {"outputs": _looked_at(search, index), "show_progress": "hidden"}
    form = [index.folder, index.collection, index.include, index.exclude, language]
    gr.on([index.start.click, index.folder.submit], start, form, api_name="start_indexing", **quiet)
    index.cancel.click(cancel, language, api_name="cancel_indexing", queue=False, **quiet)
    index.timer.tick(follow, language, api_name="indexing_progress", queue=False, **quiet)


def _looked_at(search: SearchTab, index: IndexTab) -> list[gr.blocks.Block]:
    """What `_look` changes."""
    return [index.progress, index.start, index.cancel, index.timer, index.history, search.collection]


def _look(engine: "Engine", jobs: IndexJobs, search: SearchTab, index: IndexTab, language: str) -> Changes:
    """Return how the indexing run stands; the table and the choices only when nothing runs any more."""
    job = jobs.now
    now: Changes = {
        index.progress: markup.progress(job, language),
        index.start: gr.update(interactive=not job.running),
        index.cancel: gr.update(interactive=job.state == "running"),
        index.timer: gr.update(active=job.running),
    }
    if not job.running:
        now[index.history] = markup.history(engine.runs(), language)
    if not job.running and engine.ready:  # naming the collections waits for the encoder
        now[search.collection] = gr.update(choices=handlers.collection_choices(engine, language))
    return now


def _wire_arrival(
    engine: "Engine",
    jobs: IndexJobs,
    labels: Labels,
    search: SearchTab,
    index: IndexTab,
    language: gr.Radio,
    demo: gr.Blocks,
) -> None:
    """Put the page into the visitor's language, at arrival and whenever it is switched."""

    def speak(code: str, view: View, shown: Shown | None) -> Changes:
        spoken: Changes = {
            search.status: handlers.status(view, code),
            search.texts: handlers.text_list(view, code),
            search.details: handlers.details(engine, shown, code),
        }
        return _merge(spoken, labels.updates(code), _look(engine, jobs, search, index, code))

    def arrive(code: str) -> Changes:
        return _merge(speak(code, View(), None), {language: gr.update(value=code)})

    def name_collections(code: str) -> Changes:
        try:
            choices = handlers.collection_choices(engine, code)
        except MmsearchError as error:
            return {search.status: handlers.problem(error, code)}
        return {search.collection: gr.update(choices=choices, value=engine.default_collection())}

    spoken = {search.status, search.texts, search.details, *_looked_at(search, index), *labels.updates("en")}
    quiet: dict[str, Any] = {"outputs": spoken, "queue": False, "show_progress": "hidden", "api_visibility": "private"}
    arrived = demo.load(arrive, language, js=scripts.ARRIVE, **quiet | {"outputs": spoken | {language}})
    arrived.then(name_collections, language, **quiet | {"outputs": [search.collection, search.status]})
    language.input(speak, [language, search.view, search.opened], js=scripts.SWITCH_LANGUAGE, **quiet)


def _merge(*changes: Changes) -> Changes:
    """Join changes; where several update one component, all of its properties change."""
    merged: Changes = {}
    for part in changes:
        for component, change in part.items():
            merged[component] = {**merged[component], **change} if component in merged else change
    return merged
