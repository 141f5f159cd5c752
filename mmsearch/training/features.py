"""Tower features, computed once and kept in shards, so that a stopped run goes on where it was."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from mmsearch.errors import TrainingError

SHARD = 512  # rows a file
_T = TypeVar("_T")
Features = NDArray[np.float16]  # (n, width)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn a failed write into advice."""
    try:
        yield
    except OSError as error:
        raise TrainingError(
            f"Cannot write {path}: {error}. Free some space there and run the same command again; "
            "it goes on where it stopped."
        ) from error


def replace_file(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file so that it is whole or not there at all, whenever the run is stopped.

    Raises:
        TrainingError: If it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    with writing(path):
        write(part)
        part.replace(path)


def replace_text(path: Path, text: str) -> None:
    """Write a text file in UTF-8, whole or not at all.

    Raises:
        TrainingError: If it cannot be written.
    """

    def write(part: Path) -> None:
        part.write_text(text, encoding="utf8")

    replace_file(path, write)


def digest(parts: Sequence[str]) -> str:
    """Return a short name for what features depend on."""
    return blake2b("\0".join(parts).encode(), digest_size=6).hexdigest()


def _save(array: Features) -> Callable[[Path], None]:
    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.save(file, array)

    return write


def cached_features(
    folder: Path,
    items: Sequence[_T],
    encode: Callable[[Sequence[_T]], NDArray[np.float32]],
    progress: Callable[[int, int], None],
) -> Features:
    """Return the features of all items, (n, width), computing only what the folder lacks.

    Args:
        folder: Of these items and this encoder alone; made if missing.
        items: What to encode.
        encode: Turns a shard of items into rows.
        progress: Called with the number of rows there, and of all rows, after each shard.

    Raises:
        TrainingError: If a shard cannot be written.
    """
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    shards = []
    for start in range(0, len(items), SHARD):
        path = folder / f"{start:08}.npy"
        if not path.exists():
            replace_file(path, _save(encode(items[start : start + SHARD]).astype(np.float16)))
        shards.append(np.load(path))
        progress(min(start + SHARD, len(items)), len(items))
    return np.concatenate(shards)
