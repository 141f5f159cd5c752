"""What `search --explain` and `--heat` add to a hit: its phrases, and where in the picture each of them shows."""

import re
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmsearch.cli.terminal import printable
from mmsearch.errors import BadInput, MmsearchError
from mmsearch.types import Explanation, Hit, Modality, Reason

if TYPE_CHECKING:
    from PIL import Image

    from mmsearch.engine import Engine

Explain = Callable[[Hit], Explanation]
_UNSAFE = re.compile(r"[^\w\-]+")
_STEM = 40  # characters of a picture's or a phrase's name that a file name keeps


def explainer(
    engine: "Engine", text: str | None, image: Path | None, target: Modality, encoder: str | None, reranker: str | None
) -> Explain:
    """Return what explains a hit of a query.

    Args:
        engine: That found it.
        text: Words of the query.
        image: Picture of the query.
        target: What was looked for.
        encoder: That found it; None for the one in use.
        reranker: That is asked too; None for the one in use, "none" to ask none.

    Raises:
        BadInput: If the query is of a kind that cannot be explained.
    """
    if target is Modality.IMAGE and text:
        return lambda hit: engine.explain(text, item_id=hit.item.id, encoder=encoder, reranker=reranker)
    if target is Modality.TEXT and image is not None and not text:
        return lambda hit: engine.explain(
            hit.text.text if hit.text else "",
            image=image,
            collection=hit.item.collection,
            encoder=encoder,
            reranker=reranker,
        )
    raise BadInput("Only pictures found by words, and texts found by a picture, can be explained.")


def lines(why: Explanation, indent: int) -> list[str]:
    """Return an explanation for people, a line for each phrase: how sure, what, and where."""
    said = [" " * indent + _line(reason) for reason in why.phrases]
    return [*said, " " * indent + printable(why.notice)] if why.notice else said


def _line(reason: Reason) -> str:
    sure = f"{reason.cosine:6.3f}" if reason.probability is None else f"{100 * reason.probability:4.0f} %"
    where = f"  {reason.heat.place()}" if reason.heat else ""
    return f"{sure}  {'not ' if reason.excluded else ''}{printable(reason.text)}{click.style(where, dim=True)}"


def record(why: Explanation) -> dict[str, object]:
    """Return an explanation for programs."""
    return {
        "probability": why.probability,
        "encoder": why.encoder,
        "reranker": why.reranker,
        "notice": why.notice,
        "phrases": [_record(reason) for reason in why.phrases],
    }


def _record(reason: Reason) -> dict[str, object]:
    heat = reason.heat
    return {
        "text": reason.text,
        "kind": reason.kind,
        "span": reason.span,
        "probability": None if reason.probability is None else round(reason.probability, 6),
        "cosine": round(reason.cosine, 6),
        "place": heat and heat.place(),
        "made_by": heat and heat.made_by.value,
        "heat": heat and [[round(float(value), 4) for value in row] for row in heat.grid],
    }


def save_heat(why: Explanation, hit: Hit, image: Path | None, folder: Path, before: str = "") -> None:
    """Write a PNG of the picture for each phrase, its heat map laid over it.

    Args:
        why: Of the hit.
        hit: That was found.
        image: The picture that was searched with, where texts were found.
        folder: Where they go; made if it is not there.
        before: Begins their names.

    Raises:
        BadInput: If the folder cannot be written.
    """
    from mmsearch.cli.heat_pictures import overlaid

    path = image or hit.item.path
    picture = _read(path) if path else None
    if picture is None:
        click.echo(f"No heat maps of hit {hit.rank}: its picture cannot be read.", err=True)
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for number, reason in enumerate(why.phrases, 1):
            if reason.heat:
                name = f"{before}{hit.rank:02d}-{_safe(path.stem if path else '')}-{number}-{_safe(reason.text)}.png"
                overlaid(picture, reason.heat, cold=reason.excluded).save(folder / name)
    except OSError as error:
        raise BadInput(f"Heat maps cannot be written to {folder}: {error.strerror or error}.") from error


def _read(path: Path) -> "Image.Image | None":
    from mmsearch.collection import load_known_picture

    try:
        return load_known_picture(path, side=_SIDE, max_pixels=_MAX_PIXELS)
    except MmsearchError:
        return None


_SIDE, _MAX_PIXELS = 768, 200_000_000


def _safe(name: str) -> str:
    """Return a part of a file name that no shell and no file system stumbles over."""
    return _UNSAFE.sub("-", name).strip("-")[:_STEM].strip("-") or "x"


def saver(folder: Path | None, image: Path | None, target: Modality, before: str) -> Callable[[Explanation, Hit], None]:
    """Return what saves the heat maps of a hit; without a folder it does nothing."""
    if folder is None:
        return lambda _why, _hit: None
    return partial(save_heat, image=image if target is Modality.TEXT else None, folder=folder, before=before)
