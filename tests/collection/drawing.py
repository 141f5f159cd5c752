"""Small pictures whose pixels a reader can work out, and the bytes of odd ones."""

import io
import struct
import zlib

from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)


def quarters(width: int = 64, height: int = 48) -> Image.Image:
    """Red and green above blue and white: every way up looks different."""
    image = Image.new("RGB", (width, height), RED)
    image.paste(GREEN, (width // 2, 0, width, height // 2))
    image.paste(BLUE, (0, height // 2, width // 2, height))
    image.paste(WHITE, (width // 2, height // 2, width, height))
    return image


def encoded(image: Image.Image, form: str = "PNG", **options) -> bytes:
    """Return a picture as a file's bytes."""
    file = io.BytesIO()
    image.save(file, form, **options)
    return file.getvalue()


def corners(image: Image.Image) -> list[tuple[int, ...]]:
    """Return the pixels near the four corners: top left, top right, bottom left, bottom right."""
    right, bottom = image.width - 2, image.height - 2
    return [image.getpixel(place) for place in ((1, 1), (right, 1), (1, bottom), (right, bottom))]


def huge_png(width: int, height: int) -> bytes:
    """Return a valid 1-bit PNG of any size, made without its pixels in memory."""
    squeeze, row = zlib.compressobj(9), bytes(1 + (width + 7) // 8)
    data = b"".join(squeeze.compress(row) for _ in range(height)) + squeeze.flush()
    header = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
