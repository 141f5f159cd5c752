"""What a user can set, and where it comes from."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from platformdirs import user_data_path

from mmsearch.errors import BadInput

MAX_PIXELS = 150_000_000  # 600 MB once decoded: Pillow keeps four bytes a pixel
MAX_SECONDS = 20.0  # ordinary pictures take less than one
RERANK_SECONDS = 0.3  # people wait that long without noticing much


def _default_home() -> Path:
    return user_data_path("mmsearch", appauthor=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of an engine. Each has a twin in the environment, named in its comment."""

    home: Path = field(default_factory=_default_home)  # MMSEARCH_HOME: folder of database, indexes and thumbnails
    collection: str | None = None  # MMSEARCH_COLLECTION: searched by default; None: one's own, else the samples
    encoder: str = "bundled"  # MMSEARCH_ENCODER: name, folder or hub id
    device: str = "auto"  # MMSEARCH_DEVICE: cpu, cuda, cuda:1, …; auto: a GPU where there is one
    max_pixels: int = MAX_PIXELS  # MMSEARCH_MAX_PIXELS: pictures of more pixels are skipped
    index_roots: tuple[Path, ...] | None = None  # MMSEARCH_INDEX_ROOTS: only what lies below may be indexed; None: all
    max_seconds: float = MAX_SECONDS  # MMSEARCH_MAX_SECONDS: pictures that take longer to read are skipped
    reranker: str = "bundled"  # MMSEARCH_RERANKER: name or folder; none: no second opinion
    rerank_seconds: float = RERANK_SECONDS  # MMSEARCH_RERANK_SECONDS: what a second opinion may take
    token_megabytes: int = 2_000  # MMSEARCH_TOKEN_MEGABYTES: disk for what re-rankers keep of pictures

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        if self.max_pixels < 1:
            raise BadInput(f"MMSEARCH_MAX_PIXELS must be at least 1; got {self.max_pixels}.")
        if not 0 < self.max_seconds < float("inf"):
            raise BadInput(f"MMSEARCH_MAX_SECONDS must be a positive number; got {self.max_seconds}.")
        if not 0 < self.rerank_seconds < float("inf"):
            raise BadInput(f"MMSEARCH_RERANK_SECONDS must be a positive number; got {self.rerank_seconds}.")
        if self.token_megabytes < 1:
            raise BadInput(f"MMSEARCH_TOKEN_MEGABYTES must be at least 1; got {self.token_megabytes}.")


def load_settings(environment: Mapping[str, str] = os.environ) -> Settings:
    """Read the settings from environment variables; an empty one counts as not set.

    Raises:
        BadInput: If a value cannot be used.
    """
    given = {name: value for name, value in environment.items() if name.startswith("MMSEARCH_") and value.strip()}
    default = Settings()
    return Settings(
        home=Path(given["MMSEARCH_HOME"]).expanduser().absolute() if "MMSEARCH_HOME" in given else default.home,
        collection=given.get("MMSEARCH_COLLECTION"),
        encoder=given.get("MMSEARCH_ENCODER", default.encoder),
        device=given.get("MMSEARCH_DEVICE", default.device),
        max_pixels=_whole_number("MMSEARCH_MAX_PIXELS", given.get("MMSEARCH_MAX_PIXELS", str(default.max_pixels))),
        index_roots=_folders(given["MMSEARCH_INDEX_ROOTS"]) if "MMSEARCH_INDEX_ROOTS" in given else None,
        max_seconds=_number("MMSEARCH_MAX_SECONDS", given.get("MMSEARCH_MAX_SECONDS", str(default.max_seconds))),
        reranker=given.get("MMSEARCH_RERANKER", default.reranker),
        rerank_seconds=_number(
            "MMSEARCH_RERANK_SECONDS", given.get("MMSEARCH_RERANK_SECONDS", str(default.rerank_seconds))
        ),
        token_megabytes=_whole_number(
            "MMSEARCH_TOKEN_MEGABYTES", given.get("MMSEARCH_TOKEN_MEGABYTES", str(default.token_megabytes))
        ),
    )


def _whole_number(name: str, value: str) -> int:
    try:
        return int(value.replace("_", ""))
    except ValueError:
        raise BadInput(f"{name} must be a whole number; got {value!r}.") from None


def _number(name: str, value: str) -> float:
    try:
        return float(value)
    except ValueError:
        raise BadInput(f"{name} must be a number; got {value!r}.") from None


def _folders(value: str) -> tuple[Path, ...]:
    """Split a list of folders as the platform writes one: by colons, on Windows by semicolons."""
    return tuple(Path(each.strip()).expanduser().absolute() for each in value.split(os.pathsep) if each.strip())
