"""Which encoders there are, and how to open one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.folder import Identity, identity, is_aligned, is_ours, open_folder
from mmsearch.encoders.lazy import LazyEncoder
from mmsearch.encoders.model_folder import aligned_identity, check_folder, describe
from mmsearch.encoders.presets import ENCODER_FAMILY, ENCODERS
from mmsearch.encoders.threads import let_waiting_threads_sleep

_PACKAGE = Path(__file__).parent
BUNDLED_ENCODER = _PACKAGE / "bundled"  # folder of the encoder that comes with mmsearch


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What a user wants to know before choosing an encoder."""

    name: str
    dim: int
    size_mb: int  # of its weights, 10^6 bytes
    licence: str
    languages: tuple[str, ...]  # BCP 47; "mul" is many
    source: str
    installed: bool  # whether it can be loaded without a download
    good_at: str
    hub_id: str | None = None  # None: it comes with mmsearch


def list_encoders(models: Path | None = None) -> tuple[EncoderInfo, ...]:
    """Return every encoder that has a name.

    Args:
        models: A folder of copied models, besides the hub's cache.
    """
    return tuple(
        EncoderInfo(
            name=name,
            dim=spec.dim,
            size_mb=spec.size_mb,
            licence=spec.licence,
            languages=spec.languages,
            source=spec.source,
            installed=ENCODER_FAMILY.is_here(name, models),
            good_at=spec.good_at,
            hub_id=spec.hub_id,
        )
        for name, spec in ENCODERS.items()
    )


def load_encoder(name: str, *, device: str = "auto", models: Path | None = None) -> DualEncoder:
    """Open an encoder; most read their weights when they are first needed. Nothing is downloaded.

    Args:
        name: A key of `ENCODERS`; a folder of ours, of sentence-transformers, or of a dual encoder of transformers;
            or the hub id (`owner/model`) of one that is on this machine.
        device: "auto" (CUDA where there is one), "cpu", "cuda", …
        models: A folder of copied models, besides the hub's cache.

    Raises:
        UnknownName: If it is none of these.
        EncoderError: If it is not on this machine or cannot be loaded; if only its weights cannot, the first
            encoding says so.
    """
    let_waiting_threads_sleep()
    folders = model_folders(name, models)
    return _open_two(folders[0], folders[1], name, device) if len(folders) > 1 else _open(folders[0], name, device)


def model_folders(name: str, models: Path | None = None) -> list[Path]:
    """Return the folder of an encoder; two, for pictures and for texts, where a name stands for a pair.

    Args:
        name: As `load_encoder` takes it.
        models: A folder of copied models, besides the hub's cache.

    Raises:
        UnknownName: If it is no name, folder or hub id.
        EncoderError: If it is not on this machine.
    """
    return ENCODER_FAMILY.folders(name, models) or [_PACKAGE / ENCODERS[name].folder]


def _open(folder: Path, name: str, device: str) -> DualEncoder:
    """Open a folder of our own kinds by our own classes, any other by sentence-transformers."""
    if is_aligned(folder):
        return _lazy(partial(_open_aligned, folder, name, device), name, aligned_identity(folder))
    if is_ours(folder):
        return _lazy(partial(open_folder, folder, name=name, device=device), name, identity(folder))
    check_folder(folder)
    load, known = partial(_open_model, folder, name, device), describe(folder)
    return _lazy(load, name, known) if known is not None and known.side else load()


def _open_aligned(folder: Path, name: str, device: str) -> DualEncoder:
    from mmsearch.encoders.aligned import open_aligned

    return open_aligned(folder, name=name, device=device)


def _open_model(folder: Path, name: str, device: str) -> DualEncoder:
    from mmsearch.encoders.sentence_transformer import open_model

    return open_model(folder, name=name, device=device)


def _open_two(image: Path, text: Path, name: str, device: str) -> DualEncoder:
    """Open a folder of pictures and one of texts as one encoder."""
    from mmsearch.encoders.pair import open_pair, pair_fingerprint

    for folder in (image, text):
        check_folder(folder)
    load, known = partial(open_pair, image, text, name=name, device=device), describe(image)
    if known is None or not known.side:
        return load()
    return _lazy(load, name, Identity(pair_fingerprint(image, text), known.dim, known.side))


def _lazy(load: Callable[[], DualEncoder], name: str, known: Identity) -> LazyEncoder:
    return LazyEncoder(load, name=name, fingerprint=known.fingerprint, dim=known.dim, image_side=known.side)
