"""The page as a Gradio app: one component that carries the page's own scripts, and the endpoints they call.

The endpoints answer directly, without Gradio's queue: a queue costs a second connection and some 50 ms an answer,
and what takes long runs in a thread of its own anyway (`jobs`).
"""

import functools
from collections.abc import Callable
from html import escape
from pathlib import Path
from threading import BoundedSemaphore
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api
from gradio.utils import get_upload_folder

from mmsearch.errors import MmsearchError
from mmsearch.ui import handlers, hosting, page, wire
from mmsearch.ui.hosting import Rights
from mmsearch.ui.managing import Manager
from mmsearch.ui.streaming import SEARCHES_AT_ONCE
from mmsearch.ui.strings import STRINGS
from mmsearch.ui.uploads import Sent, arrived

if TYPE_CHECKING:
    from mmsearch.engine import Engine

Endpoint = Callable[..., dict[str, Any]]

UPLOADS_KEPT = (3600, 86_400)  # seconds: look every hour, delete what is older than a day


def build_demo(engine: "Engine", *, host: str | None = None) -> gr.Blocks:
    """Build the app around an engine, which need not be warm yet.

    Args:
        engine: What answers.
        host: The address that the app will listen on, where it is not left to the environment: visitors from
            other machines may do less.
    """
    rights = hosting.rights(engine.settings.index_roots, host)
    demo = gr.Blocks(title="mmsearch", analytics_enabled=False, delete_cache=UPLOADS_KEPT)
    with demo:
        gr.HTML(
            value="",
            html_template=f'<div id="mm-app"><p class="mm-starting">{escape(STRINGS["en"]["starting"])}</p></div>',
            js_on_load=page.START,
            apply_default_css=False,
            elem_id="mm-root",
            boot={"page": page.address(), "strings": STRINGS, "manage": rights.manage},
        )
        _offer_searching(engine, rights)
        manager = Manager(engine, rights, Path(get_upload_folder()))
        _offer_managing(manager)
        _offer_laboratory(manager)
    manager.catch_up()
    return demo


def _offer_searching(engine: "Engine", rights: Rights) -> None:
    turns, arrivals = BoundedSemaphore(SEARCHES_AT_ONCE), Path(get_upload_folder())

    def overview() -> dict[str, Any]:
        """What there is to search, by which encoders, and what a visitor may do."""
        return handlers.overview(engine, rights)

    def search(
        words: str = "",
        picture: dict[str, Any] | None = None,
        target: str = "image",
        k: int = 60,
        collection: str = "",
        encoder: str = "",
    ) -> dict[str, Any]:
        """Find pictures (or texts, by `target`) by words, by an uploaded picture, or by both."""
        with turns:
            return handlers.search(engine, words, arrived(picture, arrivals), target, k, collection, encoder)

    def similar(item_id: int, k: int = 60, encoder: str = "") -> dict[str, Any]:
        """Find what is most similar to an item."""
        with turns:
            return handlers.similar(engine, item_id, k, encoder)

    def browse(collection: str = "", offset: int = 0) -> dict[str, Any]:
        """Return some of the items of a collection."""
        return handlers.browse(engine, collection, offset)

    def details(item_id: int) -> dict[str, Any]:
        """Return all that is known about an item."""
        return handlers.details(engine, item_id, rights)

    def credit_list() -> dict[str, Any]:
        """Return the credit of every picture of the bundled collection."""
        return handlers.credits_of_samples(engine)

    for endpoint in (overview, search, similar, browse, details, credit_list):
        _offer(endpoint)


def _offer_managing(manager: Manager) -> None:
    def progress() -> dict[str, Any]:
        """How the run behind the page stands."""
        return manager.progress()

    def history() -> dict[str, Any]:
        """Return the latest runs, newest first."""
        return manager.history()

    def index_folder(folder: str, collection: str = "library", include: str = "", exclude: str = "") -> dict[str, Any]:
        """Begin to index a folder of the machine that runs the app."""
        return manager.index_folder(folder, collection, include, exclude)

    def index_uploads(files: list[dict[str, Any]], collection: str = "library") -> dict[str, Any]:
        """Begin to index files that were uploaded."""
        sent = [Sent(Path(str(file["path"])), str(file.get("orig_name") or file["path"])) for file in files]
        return manager.index_uploads(sent, collection)

    def cancel() -> dict[str, Any]:
        """Stop the run after its current batch."""
        return manager.cancel()

    def build_encoder(collection: str, encoder: str) -> dict[str, Any]:
        """Begin to make an encoder's vectors of a collection."""
        return manager.build(collection, encoder)

    def use_encoder(collection: str, encoder: str) -> dict[str, Any]:
        """Let an encoder search a collection by default."""
        return manager.use(collection, encoder)

    def remove_encoder(collection: str, encoder: str) -> dict[str, Any]:
        """Remove an encoder's vectors of a collection."""
        return manager.remove_encoder(collection, encoder)

    def remove_collection(collection: str) -> dict[str, Any]:
        """Remove a collection; the files that were indexed stay."""
        return manager.remove_collection(collection)

    running: list[Endpoint] = [progress, history, index_folder, index_uploads, cancel]
    changing: list[Endpoint] = [build_encoder, use_encoder, remove_encoder, remove_collection]
    for endpoint in running + changing:
        _offer(endpoint)


def _offer_laboratory(manager: Manager) -> None:
    def align(
        collection: str, image_encoder: str, text_encoder: str = "", method: str = "contrastive"
    ) -> dict[str, Any]:
        """Begin to bring two encoders into one space, or to adapt one, on the captions of a collection."""
        return manager.align(collection, image_encoder, text_encoder, method)

    def alignment() -> dict[str, Any]:
        """Return what the laboratory found last."""
        return manager.alignment()

    def adopt_encoder(collection: str, encoder: str) -> dict[str, Any]:
        """Begin to make an encoder's vectors of a collection, and let it search the collection once they are made."""
        return manager.build(collection, encoder, use=True)

    for endpoint in (align, alignment, adopt_encoder):
        _offer(endpoint)


def _offer(endpoint: Endpoint) -> None:
    """Make a function an endpoint of its name that tells our own errors as `{"problem": …, "kind": …}`."""

    @functools.wraps(endpoint)
    def answer(*given: Any) -> dict[str, Any]:  # noqa: ANN401 - whatever the endpoint takes
        try:
            told: object = endpoint(*map(wire.sendable, given))
        except MmsearchError as error:
            told = {"problem": str(error), "kind": type(error).__name__}
        return wire.sendable(told)  # type: ignore[return-value]

    api(answer, api_name=endpoint.__name__, queue=False)
