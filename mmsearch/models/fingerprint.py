"""What a model folder is known by."""

from collections.abc import Iterator
from hashlib import blake2b
from pathlib import Path

CHECKSUMS = "checksums.json"  # written by `nets` beside the weights of encoders and matchers
_OTHER_FORMATS = {"onnx", "openvino"}  # folders with the same weights once more
_HASHED = {".json", ".txt", ".model", ".jinja", ".safetensors", ".bin"}
_WHOLE = 1 << 22  # bytes; of larger files blocks are hashed
_BLOCKS, _BLOCK = 256, 1 << 14


def folder_fingerprint(folder: Path, rules: int) -> str:
    """Return a digest of the files that what a model says depends on.

    It is the same wherever the folder lies and however it got there. Of large files, 256 blocks all over them are
    read: hashing gigabytes would cost more than loading them.

    Args:
        folder: Of the model.
        rules: Raised by whoever reads it when the same files would give another result.
    """
    found = blake2b(f"rules {rules}".encode(), digest_size=8)
    for path in _files(folder):
        size = path.stat().st_size
        found.update(f"{path.relative_to(folder).as_posix()}:{size}:".encode())
        with path.open("rb") as file:
            if size <= _WHOLE:
                found.update(file.read())
                continue
            for block in range(_BLOCKS):
                file.seek(block * (size - _BLOCK) // (_BLOCKS - 1))
                found.update(file.read(_BLOCK))
    return found.hexdigest()


def checksums_fingerprint(folder: Path) -> str:
    """Return a digest of the checksums that were written with the weights of a folder of our own.

    Reading the weights again to hash them would cost more than loading them.

    Raises:
        OSError: If the folder holds no checksums.
    """
    return blake2b((folder / CHECKSUMS).read_bytes(), digest_size=8).hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """Yield the files that are hashed: no hidden ones, no other formats, no .bin beside .safetensors."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if path.suffix not in _HASHED or _OTHER_FORMATS & set(parts) or any(part.startswith(".") for part in parts):
            continue
        if path.suffix == ".bin" and any(path.parent.glob("*.safetensors")):
            continue
        if path.is_file():
            yield path
