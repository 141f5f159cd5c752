"""What the app does when somebody types, clicks or drops: plain values in, plain values out."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mmsearch.errors import BadInput
from mmsearch.types import Hit, Modality, Results
from mmsearch.ui import markup
from mmsearch.ui.jobs import IndexJobs
from mmsearch.ui.previews import preview
from mmsearch.ui.strings import count, measure_name, say

if TYPE_CHECKING:
    from mmsearch.engine import Engine

COUNTS = (12, 24, 48, 96)  # how many hits one may ask for; rows of 2, 3, 4 and 6 come out even
THUMBNAIL_THREADS = 4  # decoding waits for the disk and leaves Python's lock


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit on the page."""

    hit: Hit
    thumbnail: Path | None  # None for a text without a picture
    measure: str
    encoder: str


@dataclass(frozen=True, slots=True)
class View:
    """What the page shows after a search; empty before the first."""

    about: str = ""  # key of the sentence that says what was asked
    words: str = ""
    pictures: tuple[Shown, ...] = ()
    texts: tuple[Shown, ...] = ()
    hidden: int = 0  # hits whose picture is gone or cannot be read
    answers: tuple[Results, ...] = ()
    notice: str = "ask"  # key of what to say while there is no answer


def search(engine: "Engine", words: str, picture: str | None, target: str, k: int, collection: str | None) -> View:
    """Answer words, a picture, or both together.

    A picture finds texts and similar pictures at once; words alone find what `target` says.

    Raises:
        MmsearchError: If the engine cannot answer; its message is for the user.
    """
    words = (words or "").strip()
    if not words and not picture:
        return View(notice="ask_again")
    if target not in set(Modality):
        raise BadInput(f"One can look for {' or '.join(Modality)}; got {target!r}.")
    about = "about_both" if words and picture else "about_picture" if picture else "about_words"
    wanted = list(Modality) if picture else [Modality(target)]
    answers = [
        engine.search(words or None, image=picture, target=kind, k=k, collection=collection or None) for kind in wanted
    ]
    return _view(engine, about, words, answers)


def more_like(engine: "Engine", shown: Shown, k: int) -> View:
    """Return what is most similar to a hit that is shown: pictures to a picture, texts to a text item.

    Raises:
        MmsearchError: If it is no longer in its collection.
    """
    item = shown.hit.item
    return _view(engine, "about_similar", item.title or "", [engine.similar(item.id, k=k)])


def gallery(view: View) -> list[tuple[str, str]]:
    """Return (thumbnail path, caption) pairs, best first."""
    return [(str(shown.thumbnail), f"{shown.hit.rank} · {shown.hit.score:.3f}") for shown in view.pictures]


def text_list(view: View, language: str) -> str:
    """Return the texts found, as HTML."""
    return markup.text_list([(shown.hit, shown.thumbnail) for shown in view.texts], language)


def status(view: View, language: str) -> str:
    """Return the line above the results, as HTML."""
    if not view.answers:
        return markup.status(say(language, view.notice))
    first = view.answers[0]
    if not view.pictures and not view.texts:
        return markup.status(say(language, "no_hits", collection=first.collection))
    counts = [count(language, "picture", len(view.pictures))] if view.pictures else []
    counts += [count(language, "text", len(view.texts))] if view.texts else []
    similarity = say(language, "similarity", measure=measure_name(language, first.measure), encoder=first.encoder)
    milliseconds = round(1000 * sum(answer.seconds for answer in view.answers))
    where = say(language, "status", collection=first.collection, ms=milliseconds)
    about = say(language, view.about, words=view.words or say(language, "untitled"))
    hidden = [say(language, "hidden", n=view.hidden)] if view.hidden else []
    return markup.status(" · ".join([about, *counts, similarity, where, *hidden]))


def problem(error: Exception, language: str) -> str:
    """Return what to show for an error, as HTML."""
    return markup.status(say(language, "problem", message=error), "problem")


def details(engine: "Engine", shown: Shown | None, language: str) -> str:
    """Return all that is known about a hit, as HTML; nothing if there is none."""
    if shown is None:
        return ""
    large = preview(engine, shown.hit.item)
    return markup.details(shown.hit, large, language, measure=shown.measure, encoder=shown.encoder)


def collection_choices(engine: "Engine", language: str) -> list[tuple[str, str]]:
    """Return (label, name) of every collection."""
    return [
        (
            say(
                language,
                "collection_choice",
                name=info.name,
                pictures=count(language, "picture", info.pictures),
                texts=count(language, "text", info.texts),
            ),
            info.name,
        )
        for info in engine.collections()
    ]


def start_indexing(
    jobs: IndexJobs, folder: str, collection: str, include: str, exclude: str, *, hosted: bool
) -> str | None:
    """Begin to index a folder; return the key of what is missing, or None once it runs.

    Raises:
        MmsearchError: If a run is going on already.
    """
    if hosted:
        return "hosted"
    if jobs.now.running:
        return "busy"
    if not folder.strip():
        return "folder_missing"
    if not collection.strip():
        return "collection_missing"
    jobs.start(folder.strip(), collection.strip(), patterns(include), patterns(exclude))
    return None


def patterns(words: str) -> tuple[str, ...]:
    """Return the patterns that somebody wrote with commas or line breaks between them."""
    parts = (part.strip() for line in words.splitlines() for part in line.split(","))
    return tuple(part for part in parts if part)


def _view(engine: "Engine", about: str, words: str, answers: list[Results]) -> View:
    hits = [(hit, answer) for answer in answers for hit in answer]
    with ThreadPoolExecutor(THUMBNAIL_THREADS) as pool:
        thumbnails = list(pool.map(lambda pair: engine.thumbnail(pair[0].item), hits))
    shown = [
        Shown(hit, thumbnail, answer.measure, answer.encoder)
        for (hit, answer), thumbnail in zip(hits, thumbnails, strict=True)
    ]
    pictures = [one for one in shown if _is_picture(one.hit)]
    visible = tuple(one for one in pictures if one.thumbnail is not None)
    texts = tuple(one for one in shown if not _is_picture(one.hit))
    return View(about, words, visible, texts, len(pictures) - len(visible), tuple(answers))


def _is_picture(hit: Hit) -> bool:
    """Whether the picture itself matched, not one of its texts."""
    return hit.text is None and hit.item.kind is Modality.IMAGE
