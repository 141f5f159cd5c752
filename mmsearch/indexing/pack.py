"""Vectors made beforehand, so that a collection that ships with them need not be encoded again."""

import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mmsearch.errors import VectorIndexError
from mmsearch.types import Vector


@dataclass(frozen=True, slots=True)
class VectorPack:
    """Vectors of one encoder by what they were made of."""

    fingerprint: str = ""  # of the encoder
    pictures: Mapping[str, Vector] = field(default_factory=dict)  # by content hash
    texts: Mapping[str, Vector] = field(default_factory=dict)  # by the text itself

    def save(self, path: Path) -> None:
        """Write the pack as an .npz file, vectors in float16."""
        np.savez_compressed(
            path,
            fingerprint=self.fingerprint,
            picture_keys=np.array(list(self.pictures), dtype=np.str_),
            text_keys=np.array(list(self.texts), dtype=np.str_),
            pictures=np.array(list(self.pictures.values()), np.float16),
            texts=np.array(list(self.texts.values()), np.float16),
        )

    @classmethod
    def load(cls, path: Path) -> "VectorPack":
        """Read a pack.

        Raises:
            VectorIndexError: If the file is missing or not a pack.
        """
        try:
            with np.load(path, allow_pickle=False) as file:
                pictures, texts = file["pictures"].astype(np.float32), file["texts"].astype(np.float32)
                return cls(
                    str(file["fingerprint"]),
                    dict(zip(file["picture_keys"].tolist(), pictures, strict=True)),
                    dict(zip(file["text_keys"].tolist(), texts, strict=True)),
                )
        except (OSError, EOFError, KeyError, ValueError, zipfile.BadZipFile) as error:
            raise VectorIndexError(f"Cannot read the vector pack {path}: {error}") from error
