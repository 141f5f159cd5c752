"""How to open a re-ranker by name."""

from pathlib import Path

from mmsearch.errors import RerankerError
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.folder import CHECKSUMS, open_matcher


def load_reranker(name: str, *, device: str = "auto") -> Reranker:
    """Open a re-ranker; nothing is downloaded.

    Args:
        name: A folder `matcher/` that `mmsearch train --start` wrote, with `encoder/` beside it.
        device: "auto", "cpu", "cuda", …

    Raises:
        RerankerError: If it is not there or cannot be loaded.
    """
    folder = Path(name).expanduser()
    if not (folder / CHECKSUMS).is_file():
        raise RerankerError(f"There is no re-ranker {name!r}: give the folder `matcher` of a pretraining run.")
    return open_matcher(folder, folder.parent / "encoder", name=name, device=device)
