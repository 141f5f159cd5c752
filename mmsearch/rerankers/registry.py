"""Which re-rankers there are, and how to open one."""

from dataclasses import dataclass
from pathlib import Path

from mmsearch.errors import RerankerError, UnknownName
from mmsearch.models.fingerprint import CHECKSUMS, checksums_fingerprint
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.blip import MATCHERS, open_blip
from mmsearch.rerankers.cross_encoder import is_cross_encoder, open_cross_encoder, said_in
from mmsearch.rerankers.folder import open_matcher
from mmsearch.rerankers.presets import BUNDLED, RERANKER_FAMILY, RERANKERS
from mmsearch.types import Modality

BUNDLED_RERANKER = Path(__file__).parent / BUNDLED  # folder of the one that comes with mmsearch
_BUNDLED_ENCODER = Path(__file__).parents[1] / "encoders" / BUNDLED  # that it belongs to
_TAKES = (
    "give a name that `mmsearch rerankers` lists, the hub id of one that is on this machine, or a folder: "
    "the `matcher` of a pretraining run, a BLIP or BLIP-2 for image-text retrieval, or a CrossEncoder of "
    "sentence-transformers."
)


@dataclass(frozen=True, slots=True)
class RerankerInfo:
    """What a user wants to know before choosing a re-ranker."""

    name: str
    reads: Modality
    size_mb: int  # of its weights, 10^6 bytes
    licence: str
    languages: tuple[str, ...]  # BCP 47; "mul" is many
    source: str
    installed: bool  # whether it can be loaded without a download
    good_at: str
    hub_id: str | None  # None: it comes with mmsearch


def list_rerankers() -> tuple[RerankerInfo, ...]:
    """Return every re-ranker that has a name."""
    return tuple(
        RerankerInfo(
            name=name,
            reads=spec.reads,
            size_mb=spec.size_mb,
            licence=spec.licence,
            languages=spec.languages,
            source=spec.source,
            installed=RERANKER_FAMILY.is_here(name),
            good_at=spec.good_at,
            hub_id=spec.hub_id,
        )
        for name, spec in RERANKERS.items()
    )


def load_reranker(name: str, *, device: str = "auto") -> Reranker:
    """Open a re-ranker; nothing is downloaded.

    Args:
        name: A key of `RERANKERS`; the hub id (`owner/model`) of one that is on this machine; or a folder: `matcher/`
            that `mmsearch train --start` wrote, with `encoder/` beside it, a BLIP or BLIP-2 for image-text retrieval,
            as transformers saves it, or a `CrossEncoder` of sentence-transformers.
        device: "auto", "cpu", "cuda", …

    Raises:
        RerankerError: If it is not there, of another kind or cannot be loaded.
    """
    bundled = name == BUNDLED
    folder = BUNDLED_RERANKER if bundled else _folder(name)
    if (folder / CHECKSUMS).is_file():
        return open_matcher(folder, _beside(folder), name=name, device=device)
    if (kind := _kind(folder)) in MATCHERS:
        return open_blip(folder, kind, name=name, device=device)
    if is_cross_encoder(folder):
        return open_cross_encoder(folder, name=name, device=device)
    what = "This mmsearch comes without a re-ranker" if bundled else f"There is no re-ranker in {folder}"
    raise RerankerError(f"{what}: {_TAKES}")


def encoder_below(name: str) -> str | None:
    """Return the fingerprint of the encoder that a re-ranker is built on, without loading it; None: on none of ours."""
    try:
        folder = BUNDLED_RERANKER if name == BUNDLED else _folder(name)
        return checksums_fingerprint(_beside(folder)) if (folder / CHECKSUMS).is_file() else None
    except (RerankerError, OSError):  # loading it says so
        return None


def _beside(folder: Path) -> Path:
    """Return the folder of the encoder that a matcher of our own kind belongs to."""
    return _BUNDLED_ENCODER if folder == BUNDLED_RERANKER else folder.parent / "encoder"


def _folder(name: str) -> Path:
    folder = Path(name).expanduser()
    if name not in RERANKERS and folder.is_dir():
        return folder
    try:
        return RERANKER_FAMILY.folders(name)[0]
    except UnknownName as error:
        raise RerankerError(f"There is no re-ranker {name!r}: {_TAKES}") from error


def _kind(folder: Path) -> str:
    """Return the class that a folder of transformers names; nothing if it names none."""
    return str((said_in(folder / "config.json").get("architectures") or [""])[0])
