"""How to open a re-ranker by name."""

from pathlib import Path

from mmsearch.errors import RerankerError
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.folder import CHECKSUMS, open_matcher

BUNDLED = "bundled"  # name of the re-ranker that comes with mmsearch
BUNDLED_RERANKER = Path(__file__).parent / BUNDLED  # its folder
_BUNDLED_ENCODER = Path(__file__).parents[1] / "encoders" / BUNDLED  # that it belongs to


def load_reranker(name: str, *, device: str = "auto") -> Reranker:
    """Open a re-ranker; nothing is downloaded.

    Args:
        name: `BUNDLED`, or a folder `matcher/` that `mmsearch train --start` wrote, with `encoder/` beside it.
        device: "auto", "cpu", "cuda", …

    Raises:
        RerankerError: If it is not there or cannot be loaded.
    """
    bundled = name == BUNDLED
    folder = BUNDLED_RERANKER if bundled else Path(name).expanduser()
    if not (folder / CHECKSUMS).is_file():
        what = "This mmsearch comes without a re-ranker" if bundled else f"There is no re-ranker {name!r}"
        raise RerankerError(f"{what}: give the folder `matcher` of a pretraining run.")
    encoder = _BUNDLED_ENCODER if bundled else folder.parent / "encoder"
    return open_matcher(folder, encoder, name=name, device=device)
