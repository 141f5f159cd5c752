"""How to open a re-ranker by name."""

import json
from contextlib import suppress
from pathlib import Path

from mmsearch.errors import RerankerError
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.blip import MATCHERS, open_blip
from mmsearch.rerankers.folder import CHECKSUMS, open_matcher

BUNDLED = "bundled"  # name of the re-ranker that comes with mmsearch
BUNDLED_RERANKER = Path(__file__).parent / BUNDLED  # its folder
_BUNDLED_ENCODER = Path(__file__).parents[1] / "encoders" / BUNDLED  # that it belongs to


def load_reranker(name: str, *, device: str = "auto") -> Reranker:
    """Open a re-ranker; nothing is downloaded.

    Args:
        name: `BUNDLED`; a folder `matcher/` that `mmsearch train --start` wrote, with `encoder/` beside it; or a folder
            of a BLIP or BLIP-2 for image-text retrieval, as transformers saves it.
        device: "auto", "cpu", "cuda", …

    Raises:
        RerankerError: If it is not there, of another kind or cannot be loaded.
    """
    bundled = name == BUNDLED
    folder = BUNDLED_RERANKER if bundled else Path(name).expanduser()
    if (folder / CHECKSUMS).is_file():
        encoder = _BUNDLED_ENCODER if bundled else folder.parent / "encoder"
        return open_matcher(folder, encoder, name=name, device=device)
    if (kind := _kind(folder)) in MATCHERS:
        return open_blip(folder, kind, name=name, device=device)
    what = "This mmsearch comes without a re-ranker" if bundled else f"There is no re-ranker {name!r}"
    raise RerankerError(
        f"{what}: give the folder `matcher` of a pretraining run, or a folder whose config.json names "
        f"{' or '.join(MATCHERS)}."
    )


def _kind(folder: Path) -> str:
    """Return the class that a folder of transformers names; nothing if it names none."""
    with suppress(OSError, ValueError, KeyError, IndexError, TypeError):
        return str(json.loads((folder / "config.json").read_text(encoding="utf8"))["architectures"][0])
    return ""
