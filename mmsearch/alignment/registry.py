"""All learners by name, and whichever a folder holds."""

from pathlib import Path

from mmsearch.alignment.adaptation import METHODS, Adaptation
from mmsearch.alignment.base import Aligner
from mmsearch.alignment.persistence import read_folder
from mmsearch.errors import UnknownName

ALIGNERS: dict[str, type[Aligner]] = {**METHODS, "adaptation": Adaptation}


def aligner_class(name: str) -> type[Aligner]:
    """Return the learner called `name`.

    Raises:
        UnknownName: If `name` is not a key of `ALIGNERS`.
    """
    try:
        return ALIGNERS[name]
    except KeyError:
        raise UnknownName("aligner", name, ALIGNERS) from None


def load_aligner(folder: Path | str) -> Aligner:
    """Read a saved learner of whichever method.

    Raises:
        BadInput: If it is not there or damaged.
        UnknownName: If its method is none of `ALIGNERS`.
    """
    saved = read_folder(Path(folder))
    by_class = {found.__name__: found for found in ALIGNERS.values()}
    if saved.method not in by_class:
        raise UnknownName("saved method", saved.method, by_class)
    return by_class[saved.method].from_saved(saved, Path(folder))
