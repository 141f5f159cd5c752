"""Which encoders there are, and how to load one."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.folder import identity, is_ours, open_folder
from mmsearch.encoders.lazy import LazyEncoder
from mmsearch.encoders.threads import let_waiting_threads_sleep
from mmsearch.errors import EncoderError, UnknownName

_PACKAGE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """An encoder that users can ask for by name."""

    folder: str  # of a model folder, relative to this package, or the hub id of a SentenceTransformer
    dim: int
    size_mb: int  # of its weights, 10^6 bytes
    licence: str
    languages: tuple[str, ...]  # BCP 47
    source: str  # where the weights come from
    good_at: str


@dataclass(frozen=True, slots=True)
class EncoderInfo:
    """What a user wants to know before choosing an encoder."""

    name: str
    dim: int
    size_mb: int  # of its weights, 10^6 bytes
    licence: str
    languages: tuple[str, ...]  # BCP 47
    source: str
    installed: bool  # whether it can be loaded without a download
    good_at: str


ENCODERS: dict[str, EncoderSpec] = {
    "bundled": EncoderSpec(
        folder="bundled",
        dim=512,
        size_mb=52,
        licence="Apache-2.0 and MIT; see its model card",
        languages=("en", "zh"),
        source="EfficientNet-Lite2 and multilingual-e5-small, aligned by this project",
        good_at="everyday photographs, in English and Chinese, fast on a CPU; nothing to download",
    ),
}


def _place(spec: EncoderSpec) -> Path:
    return _PACKAGE / spec.folder


def list_encoders() -> tuple[EncoderInfo, ...]:
    """Return every encoder that has a name."""
    return tuple(
        EncoderInfo(
            name=name,
            dim=spec.dim,
            size_mb=spec.size_mb,
            licence=spec.licence,
            languages=spec.languages,
            source=spec.source,
            installed=(_place(spec) / "modules.json").is_file(),
            good_at=spec.good_at,
        )
        for name, spec in ENCODERS.items()
    )


def load_encoder(name: str, *, device: str = "auto") -> DualEncoder:
    """Open an encoder; those of our own kind read their weights when they are first needed.

    Args:
        name: A key of `ENCODERS`, a folder, or the hub id (`owner/model`) of a SentenceTransformer for pictures
            and texts that is in the hub's cache on this machine.
        device: "auto" (CUDA where there is one), "cpu", "cuda", …

    Raises:
        UnknownName: If it is none of these.
        EncoderError: If it cannot be loaded; if only its weights cannot, the first encoding says so.
    """
    let_waiting_threads_sleep()
    if name in ENCODERS:
        return _open(_place(ENCODERS[name]), name, device)
    path = Path(name)
    if path.is_dir():
        return _open(path, name, device)
    if path.is_absolute() or name.count("/") != 1:
        raise UnknownName("encoder", name, ENCODERS)
    from mmsearch.encoders.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder(name, device=device)


def _open(folder: Path, name: str, device: str) -> DualEncoder:
    """Open a folder of our own kind by our own classes, any other by sentence-transformers."""
    if not (folder / "modules.json").is_file():
        raise EncoderError(f"{folder} is no model folder: it has no modules.json.")
    if is_ours(folder):
        known = identity(folder)
        load = partial(open_folder, folder, name=name, device=device)
        return LazyEncoder(load, name=name, fingerprint=known.fingerprint, dim=known.dim, image_side=known.side)
    from mmsearch.encoders.sentence_transformer import SentenceTransformerEncoder

    return SentenceTransformerEncoder(str(folder), name=name, device=device)
