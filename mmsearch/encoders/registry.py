"""Which encoders there are, and how to open one."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.download import how_to_carry
from mmsearch.encoders.folder import Identity, identity, is_ours, open_folder
from mmsearch.encoders.hub_cache import cached_folder
from mmsearch.encoders.lazy import LazyEncoder
from mmsearch.encoders.model_folder import check_folder, describe
from mmsearch.encoders.presets import ENCODERS, EncoderSpec
from mmsearch.encoders.threads import let_waiting_threads_sleep
from mmsearch.errors import EncoderError, UnknownName

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


def _places(spec: EncoderSpec, models: Path | None) -> list[Path | None]:
    """Return the folders that an encoder is made of, None for each that is not on this machine."""
    if spec.hub_id is None:
        return [_PACKAGE / spec.folder]
    return [cached_folder(hub_id, models) for hub_id in spec.hub_ids]


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
            installed=all(place is not None and place.is_dir() for place in _places(spec, models)),
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
    if name in ENCODERS:
        spec = ENCODERS[name]
        found = _places(spec, models)
        return [_there(place, hub_id, name) for place, hub_id in zip(found, spec.hub_ids or (name,), strict=True)]
    if Path(name).is_dir():
        return [Path(name)]
    if Path(name).is_absolute() or name.count("/") != 1:
        raise UnknownName("encoder", name, ENCODERS)
    return [_there(cached_folder(name, models), name, name)]


def _there(place: Path | None, hub_id: str, name: str) -> Path:
    if place is None:
        raise EncoderError(
            f"The encoder {name} ({hub_id}) is not on this machine, and nothing is downloaded unasked. "
            + how_to_carry(hub_id, name)
        )
    return place


def _open(folder: Path, name: str, device: str) -> DualEncoder:
    """Open a folder of our own kind by our own classes, any other by sentence-transformers."""
    if is_ours(folder):
        return _lazy(partial(open_folder, folder, name=name, device=device), name, identity(folder))
    check_folder(folder)
    load, known = partial(_open_model, folder, name, device), describe(folder)
    return _lazy(load, name, known) if known is not None and known.side else load()


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
