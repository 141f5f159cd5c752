"""The bundled collection: where it lies, and whether the store has it as it is now."""

import logging
from dataclasses import dataclass
from pathlib import Path

from mmsearch.errors import VectorIndexError
from mmsearch.indexing import VectorPack

log = logging.getLogger(__name__)

SAMPLES = "samples"  # the collection's name; nothing else may be indexed into it
_CHECKOUT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Samples:
    """The pictures in `data/`, with vectors made beforehand in `index/`.

    A wheel carries neither: then there is no bundled collection.
    """

    folder: Path = _CHECKOUT / "data"
    pack_file: Path = _CHECKOUT / "index" / "samples.npz"

    @property
    def there(self) -> bool:
        """Whether the pictures are at hand."""
        return (self.folder / "captions.jsonl").is_file()

    def stamp(self, fingerprint: str) -> str:
        """Return a line that changes when the collection, its place or the encoder does."""
        captions = (self.folder / "captions.jsonl").stat()
        return f"{fingerprint} {captions.st_size} {captions.st_mtime_ns} {self.folder}"

    def pack(self) -> VectorPack | None:
        """Return the vectors made beforehand; None, with a warning, where they cannot be read."""
        try:
            return VectorPack.load(self.pack_file)
        except VectorIndexError as error:
            log.warning("%s The bundled pictures are encoded instead.", error)
            return None
