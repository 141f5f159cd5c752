"""What the app does when somebody searches or looks around: plain values in, plain values out."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from mmsearch.errors import BadInput, UnknownName
from mmsearch.types import FIND, MATCHES, Modality
from mmsearch.ui import wire
from mmsearch.ui.hosting import Rights
from mmsearch.ui.wire import Told

if TYPE_CHECKING:
    from mmsearch.engine import Engine

SAMPLES = "samples"  # the bundled collection, whose credits the page lists
PAGE = 120  # items at most in one look around


def overview(engine: "Engine", rights: Rights) -> Told:
    """Return what there is to search, by what, and what the visitor may do."""
    collections = engine.collections()
    return {
        "ready": engine.ready,
        "collections": [wire.collection(info, rights.paths) for info in collections],
        "collection": engine.default_collection(),
        "encoders": [wire.encoder(info) for info in engine.encoders()],
        "rights": asdict(rights) | {"roots": list(rights.roots)},
    }


def search(
    engine: "Engine", words: str, picture: str | None, target: str, k: int, collection: str, encoder: str
) -> Told:
    """Answer words, a picture, or both together; empty names stand for what the engine takes by default.

    Raises:
        MmsearchError: If the engine cannot answer; its message is for the user.
    """
    return wire.results(engine.search(**_asked(engine, words, picture, target, k, collection, encoder)))


def search_twice(
    engine: "Engine",
    words: str,
    picture: str | None,
    target: str,
    k: int,
    collection: str,
    encoder: str,
    find: str = FIND[0],
) -> Iterator[Told]:
    """Yield what `search` answers, then the same hits in the order of a second opinion, as it comes.

    Raises:
        MmsearchError: If the engine cannot answer; its message is for the user.
    """
    if find not in FIND:
        raise BadInput(f"One can find {' or '.join(FIND)}; got {find!r}.")
    asked = _asked(engine, words, picture, target, k, collection, encoder)
    for answer in engine.search_twice(**asked, at_least=MATCHES if find == "all" else None):
        yield wire.results(answer)


def explain(
    engine: "Engine", words: str, item_id: int | None, picture: str | None, collection: str, encoder: str
) -> Told:
    """Say phrase by phrase why words and a picture were found together: an item's, or one that a visitor sent.

    Raises:
        MmsearchError: If the engine cannot; its message is for the user.
    """
    where = engine.item(item_id).collection if item_id is not None else collection or engine.default_collection()
    known = _built(engine, where, encoder)
    return wire.explanation(engine.explain(words, item_id=item_id, image=picture, collection=where, encoder=known))


def similar(engine: "Engine", item_id: int, k: int, encoder: str) -> Told:
    """Return what is most similar to an item: pictures to a picture, texts to a text item.

    Raises:
        MmsearchError: If it is no longer in its collection.
    """
    item = engine.item(item_id)
    answer = engine.similar(item_id, k=k, encoder=_built(engine, item.collection, encoder))
    return wire.results(answer) | {"like": wire.tile(item)}


def browse(engine: "Engine", collection: str, offset: int) -> Told:
    """Return some of a collection's items, in its own order, from `offset` on.

    Raises:
        UnknownName: If there is no such collection.
    """
    name = collection or engine.default_collection()
    items = engine.items(name, offset=max(offset, 0), limit=PAGE)
    return {"collection": name, "total": engine.count_items(name), "items": [wire.tile(item) for item in items]}


def details(engine: "Engine", item_id: int, rights: Rights) -> Told:
    """Return all that the visitor may know about an item.

    Raises:
        UnknownName: If it is no longer there.
    """
    return wire.details(engine.item(item_id), rights.paths)


def credits_of_samples(engine: "Engine") -> Told:
    """Return the credit of every picture of the bundled collection; none where it is not at hand."""
    if SAMPLES not in {info.name for info in engine.collections()}:
        return {"items": []}
    items = engine.items(SAMPLES, limit=engine.count_items(SAMPLES))
    return {"items": [wire.credit(item) for item in items]}


def _asked(
    engine: "Engine", words: str, picture: str | None, target: str, k: int, collection: str, encoder: str
) -> dict[str, Any]:
    """Return what the page asked as the engine takes it."""
    if target not in set(Modality):
        raise BadInput(f"One can look for {' or '.join(Modality)}; got {target!r}.")
    return {
        "text": words.strip() or None,
        "image": picture,
        "target": Modality(target),
        "k": k,
        "collection": collection or None,
        "encoder": _built(engine, collection or engine.default_collection(), encoder),
    }


def _built(engine: "Engine", collection: str, encoder: str) -> str | None:
    """Return an encoder that has read the collection; None stands for the one in use.

    Without this check any visitor could make the server load whatever folder or hub id they name.

    Raises:
        UnknownName: If it has not.
    """
    if not encoder:
        return None
    known = {name for info in engine.collections() if info.name == collection for name in (*info.vectors, info.encoder)}
    if encoder not in known:
        raise UnknownName("encoder", encoder, sorted(known))
    return encoder
