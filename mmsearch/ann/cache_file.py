"""The file a vector index is kept in between runs.

It is a cache: the vectors themselves live in the metadata store. So a file that is damaged, foreign or
of another version is not an error but a reason to rebuild, and one file, replaced in one step, holds
both the index and what it stands for.

Layout: 8 magic bytes, the BLAKE2b-128 of all that follows, u32 length of the header (little endian), the header
as JSON, the index's bytes.
"""

import hashlib
import json
import os
import struct
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

from mmsearch.errors import VectorIndexError

MAGIC = b"MMSVEC01"
_LENGTH = struct.Struct("<I")
_DIGEST = 16  # bytes
_START = len(MAGIC) + _DIGEST


@dataclass(frozen=True, slots=True)
class IndexIdentity:
    """Which vectors an index file holds. Two files of one identity differ only in how far they reached."""

    store: str  # unique id of the metadata store
    collection: int
    encoder: str  # fingerprint
    modality: str
    kind: str  # class of the index
    dim: int


def write_index_file(path: Path, identity: IndexIdentity, position: int, payload: bytes) -> None:
    """Put the index at `path` in one step, so that a reader sees the old file or the new one.

    Args:
        path: Where it goes; its folder is made.
        identity: What the index holds.
        position: The change-log entry up to which it is complete.
        payload: The index's bytes.

    Raises:
        VectorIndexError: If the file cannot be written.
    """
    header = json.dumps({**asdict(identity), "position": position}).encode()
    head = _LENGTH.pack(len(header)) + header
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".part", delete=False) as file:
            file.write(MAGIC + _digest(head, payload) + head)
            file.write(payload)
        os.replace(file.name, path)  # noqa: PTH105, the atomic replacement is the point
    except OSError as error:
        raise VectorIndexError(f"Cannot write the index file {path}: {error}") from error


def read_index_file(path: Path, identity: IndexIdentity) -> tuple[int, bytes]:
    """Return the change-log position and the index's bytes.

    Raises:
        VectorIndexError: If the file is missing, damaged or holds other vectors than `identity` says.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise VectorIndexError(f"Cannot read the index file {path}: {error}") from error
    if len(content) < _START or not content.startswith(MAGIC):
        raise VectorIndexError(f"{path} is not an index file of this version.")
    body = memoryview(content)[_START:]
    if _digest(body) != content[len(MAGIC) : _START]:
        raise VectorIndexError(f"The index file {path} is damaged: its checksum differs.")
    (length,) = _LENGTH.unpack_from(body)
    header = json.loads(bytes(body[_LENGTH.size : _LENGTH.size + length]))
    position = int(header.pop("position"))
    if header != asdict(identity):
        raise VectorIndexError(f"The index file {path} holds other vectors than those asked for.")
    return position, bytes(body[_LENGTH.size + length :])


def _digest(*parts: bytes | memoryview) -> bytes:
    digest = hashlib.blake2b(digest_size=_DIGEST)
    for part in parts:
        digest.update(part)
    return digest.digest()
