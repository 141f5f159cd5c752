"""Weights in few bytes: 8-bit rows with a float16 scale, in files small enough for any host."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

MAX_FILE_BYTES = 9_500_000  # leaves room for a header below 10 MB
SCALE = ".scale"  # suffix of the scales of a tensor that is kept in 8-bit rows
_PART = "@"  # separates a tensor's name from the number of its part
_PATTERN = "weights-*.safetensors"


def encode_rows(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Round each row to 8 bits.

    Args:
        rows: (R, C), floating point.

    Returns:
        (R, C) int8 in -127..127 and (R, 1) float16; their product is within half a scale of `rows`, apart from
        the rounding of the scale itself.
    """
    scale = (rows.float().abs().amax(1, keepdim=True) / 127).clamp(min=1e-7).half()  # (R, 1)
    return (rows.float() / scale.float()).round().clamp(-127, 127).to(torch.int8), scale


def decode_rows(rows: Tensor, scale: Tensor, dtype: torch.dtype = torch.float32) -> Tensor:
    """Undo `encode_rows`: (R, C) int8 and (R, 1) float16 to (R, C) of `dtype`."""
    return rows.to(dtype) * scale.to(dtype)


def _bytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()


def _parts(tensors: Mapping[str, Tensor]) -> Iterator[tuple[str, Tensor]]:
    """Yield every tensor under its name, those too large for a file as `name@0`, `name@1`, … by rows."""
    for name, tensor in tensors.items():
        if _bytes(tensor) <= MAX_FILE_BYTES:
            yield name, tensor
        else:
            rows = max(1, MAX_FILE_BYTES * len(tensor) // _bytes(tensor))
            yield from ((f"{name}{_PART}{i}", part) for i, part in enumerate(torch.split(tensor, rows)))


def _packed(parts: Iterable[tuple[str, Tensor]]) -> list[dict[str, Tensor]]:
    """Share the parts out among files, largest first into the first file with room."""
    files: list[dict[str, Tensor]] = []
    for name, part in sorted(parts, key=lambda named: (-_bytes(named[1]), named[0])):
        room = (f for f in files if sum(map(_bytes, f.values())) + _bytes(part) <= MAX_FILE_BYTES)
        home = next(room, None)
        if home is None:
            files.append(home := {})
        home[name] = part.contiguous()
    return files


def save_tensors(folder: Path, tensors: Mapping[str, Tensor]) -> None:
    """Write tensors into numbered safetensors files of at most 10 MB, replacing those already there."""
    for old in folder.glob(_PATTERN):
        old.unlink()
    for number, content in enumerate(_packed(_parts(tensors))):
        path = folder / f"weights-{number:02}.safetensors"
        save_file(content, path)
        path.chmod(0o644)  # safetensors writes for the owner alone; an installed package is read by others too


def load_tensors(folder: Path) -> dict[str, Tensor]:
    """Read what `save_tensors` wrote; empty if there is no such file."""
    loaded: dict[str, Tensor] = {}
    for path in sorted(folder.glob(_PATTERN)):
        loaded.update(load_file(path))
    whole: dict[str, Tensor] = {name: t for name, t in loaded.items() if _PART not in name}
    split: dict[str, dict[int, Tensor]] = {}
    for name, tensor in loaded.items():
        if _PART in name:
            stem, number = name.split(_PART)
            split.setdefault(stem, {})[int(number)] = tensor
    return whole | {name: torch.cat([parts[i] for i in range(len(parts))]) for name, parts in split.items()}
