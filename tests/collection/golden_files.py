"""Makes the golden pictures: `python -m tests.collection.golden_files` writes them anew.

Their bytes are committed, so that a new Pillow is asked to read what an old one wrote. What Pillow
cannot write is put together by hand from the specifications: PNG (ISO 15948), TIFF 6.0, ICC.1:2001.
"""

import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageCms

from tests.collection.drawing import BLUE, GREEN, RED, WHITE, encoded, quarters

FOLDER = Path(__file__).parent / "golden"
WIDTH, HEIGHT = 48, 32  # quarters of whole 8 × 8 blocks, so that a JPEG keeps them apart
LAB = {
    RED: (138, 81, 70),
    GREEN: (224, -79, 81),
    BLUE: (75, 68, -112),
    WHITE: (255, 0, 0),
}  # CIE L*·2.55, a*, b* at D50
ORIENTATIONS = range(1, 9)


def colour_at(x: int, y: int) -> tuple[int, int, int]:
    """Return the colour of `quarters` at a place."""
    return ((RED, GREEN), (BLUE, WHITE))[2 * y // HEIGHT][2 * x // WIDTH]


def pixels(
    of: Callable[[tuple[int, int, int]], bytes], xs: range = range(WIDTH), ys: range = range(HEIGHT)
) -> list[bytes]:
    """Return the rows of the quarters, each pixel as `of` writes its colour."""
    return [b"".join(of(colour_at(x, y)) for x in xs) for y in ys]


def png(
    rows: list[bytes], depth: int, colour: int, *, before: bytes = b"", behind: bytes = b"", width: int = WIDTH
) -> bytes:
    """Return a PNG of unfiltered rows, with chunks before and behind them."""
    header = struct.pack(">IIBBBBB", width, len(rows), depth, colour, 0, 0, 0)
    return png_chunks(header, b"".join(b"\0" + row for row in rows), before, behind)


def png_chunks(header: bytes, data: bytes, before: bytes = b"", behind: bytes = b"") -> bytes:
    """Return a PNG of a header and filtered rows."""
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before
    return start + chunk(b"IDAT", zlib.compress(data, 9)) + behind + chunk(b"IEND", b"")


def chunk(name: bytes, data: bytes) -> bytes:
    """Return a chunk of a PNG."""
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def interlaced_png() -> bytes:
    """Return a PNG in the seven passes of Adam7."""
    passes = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
    rows = (row for x, y, dx, dy in passes for row in pixels(bytes, range(x, WIDTH, dx), range(y, HEIGHT, dy)))
    return png_chunks(struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 1), b"".join(b"\0" + row for row in rows))


def tiff(data: bytes, bits: tuple[int, ...], photometric: int, *, sample_format: int = 1, next_ifd: int = 0) -> bytes:
    """Return an uncompressed little-endian TIFF of one strip; `next_ifd` is where it says that another page is."""
    samples = len(bits)
    lists = struct.pack(f"<{samples}H", *bits) + struct.pack(f"<{samples}H", *[sample_format] * samples)
    tags = [(256, WIDTH), (257, HEIGHT), (258, bits[0]), (259, 1), (262, photometric), (273, 0), (277, samples)]
    tags += [(278, HEIGHT), (279, len(data)), (339, sample_format)]
    after = 8 + 2 + 12 * len(tags) + 4
    fields = b""
    for tag, value in tags:
        if tag == 273:
            fields += struct.pack("<HHII", tag, 4, 1, after + len(lists))
        elif tag in {258, 339} and samples > 1:
            where = after + (2 * samples if tag == 339 else 0)
            fields += struct.pack("<HHII", tag, 3, samples, where)
        else:
            fields += struct.pack("<HHII", tag, 4 if tag == 279 else 3, 1, value)
    return struct.pack("<2sHIH", b"II", 42, 8, len(tags)) + fields + struct.pack("<I", next_ifd) + lists + data


def profile(primaries: tuple[tuple[float, float, float], ...], gamma: float) -> bytes:
    """Return an ICC profile of a screen: XYZ (D50) of its red, green and blue, and one gamma.

    Its white is the sum of the primaries, as it has to be.
    """
    curve = b"curv" + struct.pack(">II", 0, 1) + struct.pack(">H", round(gamma * 256)) + b"\0\0"
    name = b"desc" + struct.pack(">II", 0, 5) + b"test\0" + bytes(79)
    tags = {b"desc": name, b"cprt": b"text\0\0\0\0none\0\0\0\0", b"wtpt": _xyz((0.9642, 1.0, 0.8249))}
    for letter, primary in zip("rgb", primaries, strict=True):
        tags[f"{letter}XYZ".encode()] = _xyz(primary)
        tags[f"{letter}TRC".encode()] = curve
    table, data, start = b"", b"", 128 + 4 + 12 * len(tags)
    for tag, content in tags.items():
        padded = content + bytes(-len(content) % 4)
        table += tag + struct.pack(">II", start + len(data), len(content))
        data += padded
    body = struct.pack(">I", len(tags)) + table + data
    white = struct.pack(">iii", 63190, 65536, 54061)
    header = struct.pack(">I4sI4s4s4s", 128 + len(body), b"none", 0x02400000, b"mntr", b"RGB ", b"XYZ ")
    return (header + bytes(12) + b"acsp").ljust(68, b"\0") + white + bytes(48) + body


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ \0\0\0\0" + struct.pack(">iii", *(round(value * 65536) for value in values))


SRGB_PRIMARIES = ((0.4361, 0.2225, 0.0139), (0.3851, 0.7169, 0.0971), (0.1431, 0.0606, 0.7141))  # at D50
P3_PRIMARIES = ((0.5151, 0.2412, -0.0011), (0.2920, 0.6922, 0.0419), (0.1571, 0.0666, 0.7841))  # at D50
SWAPPED = profile((SRGB_PRIMARIES[1], SRGB_PRIMARIES[0], SRGB_PRIMARIES[2]), 2.2)  # its red is green
P3 = profile(P3_PRIMARIES, 2.2)
P3_COLOURS = ((180, 60, 60), (60, 160, 90), (70, 80, 170), (255, 255, 255))


def ycck() -> bytes:
    """Return a JPEG in YCCK, as Adobe writes it: inverted. Its planes are those of a CMYK JPEG, its mark is changed."""
    # Adobe stores 255 - ink; YCC is taken of the complement of that, which is the ink itself.
    inks = Image.eval(quarters(WIDTH, HEIGHT), lambda value: 255 - value)
    planes = [Image.eval(plane, lambda value: 255 - value) for plane in inks.convert("YCbCr").split()]
    data = encoded(Image.merge("CMYK", [*planes, Image.new("L", inks.size, 0)]), "JPEG", quality=95, subsampling=0)
    mark = data.index(b"Adobe") + 11  # APP14: name, version, two flags, then how the planes are to be understood
    return data[:mark] + b"\x02" + data[mark + 1 :]


def with_orientation(orientation: int) -> Image.Exif:
    """Return EXIF data that says which way up a picture is."""
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def jpegs() -> Iterator[tuple[str, bytes]]:
    """Yield the golden JPEGs."""
    image, fine = quarters(WIDTH, HEIGHT), {"quality": 95, "subsampling": 0}
    cmyk = Image.merge("CMYK", [*Image.eval(image, lambda value: 255 - value).split(), Image.new("L", image.size, 0)])
    yield "baseline.jpg", encoded(image, "JPEG", **fine)
    yield "progressive.jpg", encoded(image, "JPEG", progressive=True, **fine)
    yield "cmyk.jpg", encoded(cmyk, "JPEG", **fine)
    yield "ycck.jpg", ycck()
    yield "grey.jpg", encoded(image.convert("L"), "JPEG", quality=95)
    yield "several.jpg", encoded(image, "MPO", save_all=True, append_images=[Image.new("RGB", image.size)], **fine)
    yield "profile.jpg", encoded(image, "JPEG", icc_profile=SWAPPED, **fine)
    yield (
        "srgb.jpg",
        encoded(image, "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), **fine),
    )
    for orientation in ORIENTATIONS:
        yield f"orientation-{orientation}.jpg", encoded(image, "JPEG", exif=with_orientation(orientation), **fine)


def pngs() -> Iterator[tuple[str, bytes]]:
    """Yield the golden PNGs."""
    index = {RED: 0, GREEN: 1, BLUE: 2, WHITE: 3}
    palette = chunk(b"PLTE", b"".join(map(bytes, index)))
    indexed = pixels(lambda colour: bytes([index[colour]]))
    light = {RED: 0, GREEN: 0x5555, BLUE: 0xAAAA, WHITE: 0xFFFF}
    alpha = {RED: 255, GREEN: 255, BLUE: 128, WHITE: 0}
    bits = [np.packbits([colour_at(x, y) in {RED, WHITE} for x in range(WIDTH)]).tobytes() for y in range(HEIGHT)]
    yield "one-bit.png", png(bits, 1, 0)
    yield "palette.png", png(indexed, 8, 3, before=palette)
    yield "palette-transparent.png", png(indexed, 8, 3, before=palette + chunk(b"tRNS", bytes([255, 255, 128, 0])))
    yield "grey-16.png", png(pixels(lambda colour: struct.pack(">H", light[colour])), 16, 0)
    yield "rgb-16.png", png(pixels(lambda colour: struct.pack(">3H", *(257 * value for value in colour))), 16, 2)
    yield "grey-alpha.png", png(pixels(lambda colour: bytes([0, alpha[colour]])), 8, 4)
    yield "rgba.png", png(pixels(lambda colour: bytes([*colour, alpha[colour]])), 8, 6)
    yield "interlaced.png", interlaced_png()
    exif = chunk(b"eXIf", with_orientation(6).tobytes().removeprefix(b"Exif\0\0"))
    yield "exif-behind.png", png(pixels(bytes), 8, 2, behind=exif)
    p3 = chunk(b"iCCP", b"p3\0\0" + zlib.compress(P3, 9))
    wide = dict(zip((RED, GREEN, BLUE, WHITE), P3_COLOURS, strict=True))
    yield "display-p3.png", png(pixels(lambda colour: bytes(wide[colour])), 8, 2, before=p3)
    yield "damaged-profile.png", png(pixels(bytes), 8, 2, before=chunk(b"iCCP", b"x\0\0" + zlib.compress(P3[:150])))
    yield "tall.png", png([bytes([0, 255, 0])] * 30_000, 8, 2, width=1)
    yield "one-pixel.png", png([bytes(RED)], 8, 2, width=1)
    yield "huge.png", png_chunks(struct.pack(">IIBBBBB", 50_000, 50_000, 8, 2, 0, 0, 0), bytes(1000))


def tiffs() -> Iterator[tuple[str, bytes]]:
    """Yield the golden TIFFs."""
    image = quarters(WIDTH, HEIGHT)
    rgb16 = b"".join(pixels(lambda colour: struct.pack("<3H", *(257 * value for value in colour))))
    light = {RED: -1.0, GREEN: 0.0, BLUE: float("nan"), WHITE: 1.0}
    yield "rgb-16.tif", tiff(rgb16, (16, 16, 16), 2)
    yield "cmyk.tif", tiff(b"".join(pixels(lambda c: bytes([*(255 - value for value in c), 0]))), (8, 8, 8, 8), 5)
    yield "lab.tif", tiff(b"".join(pixels(lambda c: struct.pack("Bbb", *LAB[c]))), (8, 8, 8), 8)
    yield "float.tif", tiff(b"".join(pixels(lambda c: struct.pack("<f", light[c]))), (32,), 1, sample_format=3)
    yield "pages.tif", encoded(image, "TIFF", save_all=True, append_images=[Image.new("RGB", (WIDTH, HEIGHT))])
    yield "cyclic.tif", tiff(b"".join(pixels(bytes)), (8, 8, 8), 2, next_ifd=8)
    yield "deflated.tif", encoded(image, "TIFF", compression="tiff_adobe_deflate")


def others() -> Iterator[tuple[str, bytes]]:
    """Yield the golden pictures of other formats, and what is none."""
    image, black = quarters(WIDTH, HEIGHT), Image.new("RGB", (WIDTH, HEIGHT))
    seen = image.convert("RGBA")
    seen.paste((0, 0, 0, 0), (WIDTH // 2, HEIGHT // 2, WIDTH, HEIGHT))
    frames = {"save_all": True, "append_images": [black.convert("RGBA")], "duration": 100}
    yield "animated.gif", encoded(seen, "GIF", disposal=2, **frames)
    yield "animated.webp", encoded(image, "WEBP", lossless=True, save_all=True, append_images=[black])
    yield "animated.png", encoded(image, "PNG", save_all=True, append_images=[black])
    yield "lossy.webp", encoded(image, "WEBP", quality=95)
    yield "lossless.webp", encoded(image, "WEBP", lossless=True)
    yield "alpha.webp", encoded(seen, "WEBP", lossless=True)
    yield "plain.bmp", encoded(image, "BMP")
    yield "plain.avif", encoded(image, "AVIF", quality=95, subsampling="4:4:4")
    yield "png-called.jpg", encoded(image, "PNG")
    yield "html-called.png", b"<!doctype html><title>404</title>"
    yield "postscript-called.jpg", b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\nshowpage\n"
    yield "empty.jpg", b""


def golden() -> dict[str, bytes]:
    """Return all golden files by name."""
    return dict([*jpegs(), *pngs(), *tiffs(), *others()])


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, data in golden().items():
        (FOLDER / name).write_bytes(data)
