"""Makes hostile and mutated files from a seed: the golden pictures, broken in many ways, and words to go with them."""

import json
import os
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

GOLDEN = Path(__file__).resolve().parent.parent / "tests" / "collection" / "golden"
GOOD = 100  # sound pictures among them
_MAGIC = (
    b"\xff\xd8\xff\xe0",
    b"\x89PNG\r\n\x1a\n",
    b"GIF89a",
    b"BM",
    b"II*\0",
    b"MM\0*",
    b"RIFF\xff\xff\0\0WEBP",
    b"\0\0\0 ftypavif",
)
_ENDINGS = (".jpg", ".png", ".gif", ".webp", ".tif", ".bmp", ".avif", ".JPEG", ".txt", ".csv", ".jsonl")
_NUMBERS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF)
_NAMES = (
    *(
        "two\nlines",
        "\x1b[31mred",
        "gpj\u202eexe",
        "<script>alert(1)<script>",
        "\"'&",
        "-rf",
        "=cmd|' !A1",
        " ",
        "%s%n",
    ),
    *(
        "$(id)",
        "\u200b",
        "\ufeff",
        "é" * 120,
        "a" * 240,
        "..",
        "con",
        "a:b",
        "a\\b",
        "\u0301" * 60,
        "café",
        "cafe\u0301",
    ),
)
_WORDS = (
    *("[" * 100_000, '{"a":' * 50_000, "NaN", "-Infinity", "9" * 5_000, '"\\ud800"', '"\\u0000"', "[1e999]", "{", '""'),
    *('"' + "x" * 2_000_000 + '"', '{"en": {"en": {"en": {"en": {"en": "deep"}}}}}', '{"title": ["a", 1, null, {}]}'),
    *('{"caption": "<script>alert(1)</script>"}', '{"caption": "=1+1"}', '{"source": "javascript:alert(1)"}'),
    *('{"caption": "' + "\\u200d" * 5_000 + '"}', '{"caption": "a\\u202eb\\u001b[31m"}', '{"en": 1, "en": "twice"}'),
)


@dataclass(frozen=True, slots=True)
class Made:
    """What was made, by path relative to the folder."""

    good: tuple[str, ...]  # sound pictures
    hostile: tuple[str, ...]  # files that have to be indexed or skipped with a reason
    words: tuple[str, ...]  # caption files and sidecars: they speak of other files


def make_files(folder: Path, count: int, seed: int, good: int = GOOD) -> Made:
    """Write `count` hostile files and `good` sound pictures below `folder`; the same seed gives the same bytes."""
    chance = random.Random(seed)
    golden = [path.read_bytes() for path in sorted(GOLDEN.iterdir())]
    golden = [data for data in golden if data]
    hostile, words = [], []
    for number in range(count):
        place = f"{number // 50:02}/{number:03}"
        if number % 10 < 8:
            mutate = _MUTATIONS[number % len(_MUTATIONS)]
            name = f"{place}{_hostile_name(chance)}{chance.choice(_ENDINGS[:8])}"
            hostile += [name] if _write(folder, name, mutate(chance.choice(golden), golden, chance)) else []
        elif number % 10 == 8:
            name = f"{place}{chance.choice(('.txt', '.csv', '.jsonl'))}"
            hostile += [name] if _write(folder, name, _table(chance)) else []
        else:
            hostile += [f"{place}.png"] if _write(folder, f"{place}.png", chance.choice(golden)) else []
            words += [f"{place}.json"] if _write(folder, f"{place}.json", chance.choice(_WORDS).encode()) else []
    for block in range(0, count, 50):
        name = f"{block // 50:02}/captions.jsonl"
        words += [name] if _write(folder, name, _caption_file(hostile, chance)) else []
    return Made(_good(folder, good), tuple(hostile), tuple(words))


def _good(folder: Path, count: int) -> tuple[str, ...]:
    """Write sound pictures, no two alike."""
    (folder / "good").mkdir(parents=True, exist_ok=True)
    names = tuple(f"good/{number:03}.png" for number in range(count))
    for number, name in enumerate(names):
        Image.new("RGB", (64, 48), (number, 255 - number, 7 * number % 256)).save(folder / name)
    return names


def _write(folder: Path, name: str, data: bytes) -> bool:
    """Write a file; False where this system cannot have one of that name."""
    try:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
    except (OSError, ValueError):
        return False
    return True


def _hostile_name(chance: random.Random) -> str:
    return chance.choice(_NAMES).replace(os.sep, "") if chance.random() < 0.3 else ""


def _flipped(data: bytes, golden: list[bytes], chance: random.Random) -> bytes:
    broken = bytearray(data)
    for _ in range(chance.randint(1, 20)):
        broken[chance.randrange(len(broken))] ^= 1 << chance.randrange(8)
    return bytes(broken)


def _cut(data: bytes, golden: list[bytes], chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _spliced(data: bytes, golden: list[bytes], chance: random.Random) -> bytes:
    other = chance.choice(golden)
    return data[: chance.randrange(len(data))] + other[chance.randrange(len(other)) :]


def _sound(data: bytes, golden: list[bytes], chance: random.Random) -> bytes:
    return data  # under any ending


def _random(data: bytes, golden: list[bytes], chance: random.Random) -> bytes:
    return chance.choice(_MAGIC) + chance.randbytes(chance.randrange(5_000))


def _renumbered(data: bytes, golden: list[bytes], chance: random.Random) -> bytes:
    """Put an extreme number somewhere into the first bytes, where width, height and offsets are."""
    broken = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        form = chance.choice((">H", "<H", ">I", "<I"))
        size = struct.calcsize(form)
        where = chance.randrange(4, max(5, min(len(broken), 200) - size))
        broken[where : where + size] = struct.pack(form, chance.choice(_NUMBERS) & (256**size - 1))
    return bytes(broken)


def _repeated(data: bytes, golden: list[bytes], chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    end = chance.randrange(start, len(data)) + 1
    return data[:end] + data[start:end] * chance.randint(1, 500) + data[end:]


def _holed(data: bytes, golden: list[bytes], chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + bytes(min(200, len(data) - start)) + data[start + 200 :]


_MUTATIONS: tuple[Callable[[bytes, list[bytes], random.Random], bytes], ...] = (
    *(_flipped, _cut, _spliced, _sound, _random, _renumbered, _repeated, _holed),
)


def _table(chance: random.Random) -> bytes:
    """Return rows of texts, some of them broken."""
    lines = [chance.choice((*_WORDS, '{"text": "a sound line"}', "a,b,c", '"open', "\0")) for _ in range(3)]
    text = "\n".join(lines).encode()
    return _flipped(text, [], chance) if chance.random() < 0.5 else text


def _caption_file(pictures: list[str], chance: random.Random) -> bytes:
    """Return rows about pictures that are there, are not there, or lie outside."""
    names = [
        *chance.sample(pictures, min(10, len(pictures))),
        "../../etc/passwd",
        "/etc/passwd",
        "C:\\a.png",
        "\0",
        "\ud800",
    ]
    rows = [json.dumps({"image": Path(name).name if "etc" not in name else name, "caption": "x"}) for name in names]
    return "\n".join([*rows, *chance.sample(_WORDS, 5)]).encode()
