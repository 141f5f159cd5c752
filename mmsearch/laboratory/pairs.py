"""The vectors of pairs: of captioned pictures through two encoders, or from a file."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
from PIL import Image

from mmsearch.alignment.checks import Rows, checked_pairs
from mmsearch.collection import content_hash, read_picture_file
from mmsearch.encoders.sides import Side
from mmsearch.errors import BadInput, TrainingError
from mmsearch.store.blob_cache import BlobCache
from mmsearch.training.captions import CaptionedPicture
from mmsearch.training.folders import open_reduced
from mmsearch.types import Ids

CACHE, CACHE_BYTES = "features.db", 2_000_000_000  # in the home folder; what was not used for longest goes first
LEAST = 20  # pictures; fewer are too few to fit and to measure
_CHUNK = 64  # pictures or texts at a time; what a stop may cost
Tell = Callable[[str, int, int], None]  # takes a phase, how many are done, and of how many


@dataclass(frozen=True, slots=True)
class CaptionedSet:
    """Captioned pictures that were found before the run, such as those of a collection."""

    name: str  # for messages and the report
    pictures: tuple[CaptionedPicture, ...]

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class PairVectors:
    """Vectors of pictures and of their texts."""

    image: Rows  # (n, d1)
    text: Rows  # (m, d2)
    owner: Ids  # (m,), the row of `image` that each text describes
    labels: Ids | None = None  # (n,), classes; None where pairs alone belong together

    def subset(self, pictures: Ids) -> "PairVectors":
        """Return some pictures, (k,) distinct rows, with their texts, in that order."""
        place = np.full(len(self.image), -1)
        place[pictures] = np.arange(len(pictures))
        kept = np.flatnonzero(place[self.owner] >= 0)
        labels = None if self.labels is None else self.labels[pictures]
        return PairVectors(self.image[pictures], self.text[kept], place[self.owner[kept]], labels)


def encoded_pairs(
    pictures: Sequence[CaptionedPicture], sides: Mapping[str, Side], cache: BlobCache, tell: Tell
) -> PairVectors:
    """Return the vectors of captioned pictures; what the cache holds is not worked out again.

    Raises:
        TrainingError: If a picture that was there can no longer be read.
        EncoderError: If an encoder fails.
    """
    texts = [text for picture in pictures for each in picture.texts.values() for text in each]
    counts = [sum(len(each) for each in picture.texts.values()) for picture in pictures]
    image, text = sides["image"], sides["text"]
    paths = {_picture_key(picture.path): picture.path for picture in pictures}
    words = {_text_key(each): each for each in texts}

    def decoded(keys: Sequence[str]) -> list[Image.Image]:
        return [open_reduced(paths[key], image.image_side).convert("RGB") for key in keys]

    seen = _through(cache, f"{image.fingerprint} image", list(paths), lambda keys: image.encode(decoded(keys)), tell)
    read = _through(
        cache, f"{text.fingerprint} text", list(words), lambda keys: text.encode([words[key] for key in keys]), tell
    )
    return PairVectors(
        np.stack([seen[key] for key in paths]),
        np.stack([read[_text_key(each)] for each in texts]),
        np.repeat(np.arange(len(pictures)), counts),
    )


def pairs_of_file(path: Path) -> PairVectors:
    """Read vectors that other encoders made: an `.npz` with `image` and `text`, perhaps `owner` and `labels`.

    Raises:
        BadInput: If it cannot be read, or does not hold pairs.
    """
    try:
        with np.load(path, allow_pickle=False) as stored:
            given = {name: stored[name] for name in ("image", "text", "owner", "labels") if name in stored}
    except (OSError, ValueError, EOFError) as error:
        raise BadInput(f"Cannot read vectors from {path}: {error}. It must be an .npz of NumPy arrays.") from error
    if not {"image", "text"} <= given.keys():
        raise BadInput(f"{path} holds no arrays called image and text, a row for each picture and for each text.")
    pairs = checked_pairs(given["image"], given["text"], given.get("owner"), given.get("labels"))
    return PairVectors(pairs.image, pairs.text, pairs.owner, pairs.labels)


def check_enough(pictures: int, source: object) -> None:
    """Refuse too few pictures with texts.

    Raises:
        TrainingError: If so.
    """
    if pictures < LEAST:
        raise TrainingError(
            f"{source} holds {pictures} pictures with texts; at least {LEAST} are needed to learn from some "
            "and to measure on others."
        )


def _through(
    cache: BlobCache, kind: str, keys: Sequence[str], encode: Callable[[Sequence[str]], Rows], tell: Tell
) -> dict[str, Rows]:
    """Return the vector of each key, working out those that are not kept."""
    found: dict[str, Rows] = {}
    phase = "pictures to vectors" if kind.endswith("image") else "texts to vectors"
    for start in range(0, len(keys), _CHUNK):
        part = keys[start : start + _CHUNK]
        kept = cache.get(kind, part)
        found |= {key: np.frombuffer(body, np.float32) for key, body in kept.items()}
        missing = [key for key in part if key not in kept]
        if missing:
            made = dict(zip(missing, encode(missing), strict=True))
            cache.put(kind, {key: row.astype(np.float32).tobytes() for key, row in made.items()})
            found |= made
        tell(phase, start + len(part), len(keys))
    return found


def _picture_key(path: Path) -> str:
    try:
        return content_hash(read_picture_file(path))
    except OSError as error:
        raise TrainingError(f"Cannot read the picture {path}: {error}. Was it there when the run began?") from error


def _text_key(text: str) -> str:
    return blake2b(text.encode("utf8", "surrogatepass"), digest_size=16).hexdigest()
