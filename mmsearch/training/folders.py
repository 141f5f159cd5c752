"""A folder of captioned pictures to learn from, read as the indexer reads it."""

import json
import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from mmsearch.collection import (
    FileKind,
    FoundFile,
    content_hash,
    load_picture,
    read_notes,
    read_picture_file,
    scan,
)
from mmsearch.collection.filetypes import NOT_YET, PICTURES, WORDS, suffix_of
from mmsearch.errors import BadPicture, SourceError, TrainingError
from mmsearch.training.captions import CaptionedPicture
from mmsearch.training.features import replace_text
from mmsearch.types import Skip, Text

LEFT_OUT = "left-out.jsonl"
MAX_PIXELS = 150_000_000  # larger pictures are left out, as the indexer does unless told otherwise
MAX_SECONDS = 20.0  # likewise what takes longer to decode
UNKNOWN = "und"  # language of captions that do not say theirs, in BCP 47
_LEAST = 4  # pictures; of fewer nothing can be learnt and measured
_TOLD = 3  # reasons in a message
CAPTION_KINDS = ("caption", "description")  # of texts that tell what a picture shows


@dataclass(frozen=True)
class CaptionedFolder:
    """What a folder offers."""

    train: tuple[CaptionedPicture, ...]
    held_out: tuple[CaptionedPicture, ...]  # to measure on
    left_out: tuple[Skip, ...]  # files and lines that nothing can be learnt from, and why
    shared: int  # captions that stand beside more than one picture

    @property
    def captions(self) -> int:
        """How many there are to learn from."""
        return sum(len(texts) for picture in self.train for texts in picture.texts.values())


def open_reduced(path: Path, side: int) -> Image.Image:
    """Return a picture upright, in RGB and not much larger than needed.

    Args:
        path: Of the picture.
        side: Pixels that the shorter side keeps, where it has them.

    Raises:
        TrainingError: If it cannot be read.
    """
    try:
        return load_picture(read_picture_file(path), side=side, max_pixels=MAX_PIXELS, max_seconds=MAX_SECONDS).image
    except (OSError, BadPicture, SourceError) as error:
        raise TrainingError(f"Cannot read the picture {path}: {error}. Was it there when the run began?") from error


def write_left_out(output: Path, left_out: Sequence[Skip]) -> None:
    """Write what was left out into the folder of a run, one JSON object a line.

    Raises:
        TrainingError: If it cannot be written.
    """
    text = "".join(json.dumps(asdict(skip), ensure_ascii=False) + "\n" for skip in left_out)
    replace_text(output / LEFT_OUT, text)


def read_folder(
    root: Path, *, held_out: float, seed: int, progress: Callable[[int, int], None] = lambda done, total: None
) -> CaptionedFolder:
    """Read the captioned pictures of a folder; what is broken is left out and told.

    Every picture is decoded once, so that a broken one does not stop the training hours later.

    Args:
        root: A folder, or a caption file for the pictures that it names.
        held_out: Share of the pictures that are kept for measuring, drawn by lot.
        seed: Of the lot.
        progress: Called with the number of files looked at, and of all.

    Raises:
        SourceError: If there is no such folder or it cannot be listed.
        TrainingError: If too little is left to learn from.
    """
    found = scan(root)
    reader = _Reader(found.base)
    for done, file in enumerate(found.files, 1):
        reader.read(file)
        progress(done, len(found.files))
    unknown = _unknown_files(root) if root.is_dir() else ()
    left_out = tuple(sorted((*found.skips, *reader.left_out, *unknown), key=lambda skip: skip.path))
    pictures = reader.pictures()
    if len(pictures) < _LEAST:
        raise TrainingError(_too_few(root, len(pictures), left_out))
    order = np.random.default_rng(seed).permutation(len(pictures))
    kept = min(len(pictures) - 2, max(1, round(held_out * len(pictures)))) if held_out > 0 else 0
    train, measured = ([pictures[row] for row in sorted(rows)] for rows in (order[kept:], order[:kept]))
    return CaptionedFolder(tuple(train), tuple(measured), left_out, _shared(pictures))


class _Reader:
    """Gathers the captions of each picture; the same picture under two names is one."""

    def __init__(self, base: Path) -> None:
        self.base, self.left_out = base, list[Skip]()
        self._paths: dict[str, str] = {}  # by content
        self._texts: dict[str, dict[str, Text]] = {}  # by content, then by caption

    def read(self, file: FoundFile) -> None:
        """Take in a file, or say why not."""
        try:
            self._read(file)
        except (BadPicture, SourceError) as error:
            self._leave_out(file, str(error))
        except OSError as error:
            self._leave_out(file, f"cannot be read: {error.strerror or error}")

    def _read(self, file: FoundFile) -> None:
        if file.kind is not FileKind.PICTURE:
            self._leave_out(file, "is a text without a picture")
            return
        notes = read_notes(self.base, file)
        self.left_out += notes.skips
        texts = {text.text: text for text in notes.texts if text.kind in CAPTION_KINDS}
        if not texts:
            about = file.rows or file.sidecars
            self._leave_out(file, "its caption is empty or holds no words" if about else "has no caption")
            return
        data = read_picture_file(self.base / file.path, base=self.base)
        load_picture(data, side=1, max_pixels=MAX_PIXELS, max_seconds=MAX_SECONDS)
        key = content_hash(data)
        if key in self._paths:
            self._leave_out(file, f"shows the same as {self._paths[key]}, which takes over its captions")
        self._paths.setdefault(key, file.path)
        self._texts.setdefault(key, {}).update(texts)

    def _leave_out(self, file: FoundFile, reason: str) -> None:
        self.left_out.append(Skip(file.path, reason))

    def pictures(self) -> list[CaptionedPicture]:
        """Return the pictures in the order of their paths, captions by language."""
        result = []
        for key, path in self._paths.items():
            languages = sorted({text.language or UNKNOWN for text in self._texts[key].values()})
            texts = {
                language: tuple(t.text for t in self._texts[key].values() if (t.language or UNKNOWN) == language)
                for language in languages
            }
            result.append(CaptionedPicture(self.base / path, texts))
        return result


def _unknown_files(root: Path) -> Iterator[Skip]:
    """Yield the files that are neither pictures nor words; hidden ones are nobody's captions."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            if not name.startswith(".") and suffix_of(name) not in (*PICTURES, *NOT_YET, *WORDS):
                path = (Path(folder) / name).relative_to(root).as_posix()
                shown = path.encode("utf8", "surrogateescape").decode("utf8", "backslashreplace")
                yield Skip(shown, "is neither a picture nor a text that is read")


def _shared(pictures: list[CaptionedPicture]) -> int:
    counts = Counter(text for picture in pictures for texts in picture.texts.values() for text in texts)
    return sum(count > 1 for count in counts.values())


def _too_few(root: Path, count: int, left_out: tuple[Skip, ...]) -> str:
    told = "; ".join(f"{skip.path} {skip.reason}" for skip in left_out[:_TOLD])
    rest = f" and {len(left_out) - _TOLD} more" if len(left_out) > _TOLD else ""
    reasons = f" Left out: {told}{rest}." if left_out else ""
    return (
        f"{root} holds {count} pictures with captions; at least {_LEAST} are needed.{reasons} "
        "docs/sources.md says how captions are written."
    )
