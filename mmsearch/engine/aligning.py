"""Fits encoders to the captioned pictures of a collection."""

import secrets
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from pathlib import Path
from shutil import rmtree
from threading import Event
from typing import TYPE_CHECKING

from mmsearch.engine.right_of_way import RightOfWay
from mmsearch.indexing import ProgressCallback
from mmsearch.store import Store
from mmsearch.training.captions import CaptionedPicture
from mmsearch.training.folders import CAPTION_KINDS, UNKNOWN
from mmsearch.types import Item, Modality, Progress

if TYPE_CHECKING:
    from mmsearch.laboratory import AlignReport, AlignSettings

ALIGNED = "aligned"  # folder in the home folder, for the encoders that are made
_PAGE = 500  # items read at once


def captioned(store: Store, collection_id: int) -> Iterator[CaptionedPicture]:
    """Yield the pictures of a collection whose files are there, with the texts that describe them."""
    for start in range(0, store.read.count_items(collection_id), _PAGE):
        for item in store.read.of_collection(collection_id, start, _PAGE):
            texts = _descriptions(item)
            if item.kind is Modality.IMAGE and texts and item.path is not None and item.path.is_file():
                yield CaptionedPicture(item.path, texts)


def _descriptions(item: Item) -> dict[str, tuple[str, ...]]:
    """Return the texts that tell what a picture shows, by language."""
    told = [(text.language or UNKNOWN, text.text) for text in item.texts if text.kind in CAPTION_KINDS]
    return {language: tuple(text for each, text in told if each == language) for language, _ in sorted(told)}


def run_beside_searches(
    wanted: Callable[[Path], "AlignSettings"],
    *,
    home: Path,
    device: str,
    in_use: Callable[[], Iterable[str]],
    way: RightOfWay,
    progress: ProgressCallback | None,
    cancel: Event | None,
) -> "AlignReport":
    """Run the laboratory with a new folder in `home`; once it is done, what earlier runs made and nobody uses goes.

    Args:
        wanted: What to do, given the folder.
        home: Folder of mmsearch's own files.
        device: Of the encoders.
        in_use: Returns the names of encoders that must stay.
        way: Knows who searches.
        progress: Called as the run goes on.
        cancel: Set it to end the run after the step at hand.

    Raises:
        MmsearchError: As `laboratory.align`; then nothing is left of the folder.
    """
    from mmsearch.laboratory import align  # late: loads torch
    from mmsearch.laboratory.run import REPORT

    def tell(now: Progress) -> None:
        way.give()
        if progress is not None:
            progress(now)

    output = home / ALIGNED / f"{date.today():%Y-%m-%d}-{secrets.token_hex(4)}"
    try:
        report = align(wanted(output), home=home, device=device, progress=tell, cancel=cancel)
    finally:
        if not (output / REPORT).is_file():
            rmtree(output, ignore_errors=True)
    if report.state == "done":
        _forget(home / ALIGNED, {output, *map(Path, in_use())})
    return report


def _forget(folder: Path, used: set[Path]) -> None:
    """Delete what runs that have ended made, unless it is used."""
    from mmsearch.laboratory.run import REPORT

    for report in folder.glob(f"*/{REPORT}"):
        if not any(name.is_relative_to(report.parent) for name in used):
            rmtree(report.parent, ignore_errors=True)
