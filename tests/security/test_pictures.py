"""Pictures made to exhaust whoever opens them."""

import io
import os
import socket
import struct
import subprocess
import sys
import time
import zlib
from pathlib import Path

import pytest
from PIL import Image

from mmsearch.collection import Reason, load_picture, make_thumbnail, parse_reason, read_picture_file, scan
from mmsearch.collection.deadline import Deadline, TimedBytes
from mmsearch.errors import BadPicture, SourceError
from mmsearch.types import Skip
from tests.collection.drawing import encoded, quarters
from tests.collection.golden_files import FOLDER, chunk, png_chunks

HEADER = struct.pack(">IIBBBBB", 10, 10, 8, 2, 0, 0, 0)
ROWS = bytes(310)
MANY = 150_000_000
PEAK = """
import resource, sys
from mmsearch.collection import load_picture
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
load_picture(open(sys.argv[1], "rb").read(), side=260, max_pixels=10**8)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def reason_of(data, **limits):
    with pytest.raises(BadPicture) as caught:
        load_picture(data, **{"side": 260, "max_pixels": MANY, "max_seconds": 5} | limits)
    return parse_reason(str(caught.value))[0]


def seconds_for(call):
    start = time.monotonic()
    call()
    return time.monotonic() - start


def test_a_header_that_promises_billions_of_pixels_is_refused_before_decoding():
    assert seconds_for(lambda: reason_of((FOLDER / "huge.png").read_bytes())) < 1
    assert reason_of((FOLDER / "huge.png").read_bytes()) is Reason.TOO_LARGE


def test_a_jpeg_of_thousands_of_passes_is_given_up_in_time():
    data = encoded(Image.new("L", (4000, 4000)), "JPEG", progressive=True)
    last_pass = data[data.rindex(b"\xff\xda") : -2]

    taken = seconds_for(lambda: reason_of(data[:-2] + last_pass * 20_000 + data[-2:], max_seconds=0.5))

    assert taken < 5  # all of them would take minutes


def test_bytes_cannot_be_read_once_the_time_is_up():
    data = TimedBytes(b"abc", Deadline(-1))

    with pytest.raises(BadPicture, match="took longer than -1 s"):
        data.read(1)


@pytest.mark.parametrize("kind", [b"iCCP", b"zTXt"])
def test_a_chunk_that_unpacks_to_hundreds_of_megabytes_is_not_unpacked(kind):
    bomb = chunk(kind, b"x\0\0" + zlib.compress(bytes(200_000_000)))

    assert reason_of(png_chunks(HEADER, ROWS, before=bomb)) is Reason.DAMAGED


def test_pixels_that_unpack_to_more_than_the_header_says_are_not_unpacked():
    picture = load_picture(png_chunks(HEADER, bytes(100_000_000)), side=16, max_pixels=MANY)

    assert (picture.width, picture.height) == (10, 10)


def test_of_an_animation_of_a_hundred_thousand_frames_only_the_first_is_looked_at():
    data = encoded(quarters(), "GIF", save_all=True, append_images=[quarters(32, 24).resize((64, 48))] * 1)
    frame = b"\x21\xf9\x04\x00\x00\x00\x00\x00\x2c\x00\x00\x00\x00\x01\x00\x01\x00\x00\x02\x02\x44\x01\x00"

    assert seconds_for(lambda: load_picture(data[:-1] + frame * 100_000 + b";", side=16, max_pixels=MANY)) < 1


def test_a_tiff_whose_pages_lead_back_to_the_first_ends():
    assert load_picture((FOLDER / "cyclic.tif").read_bytes(), side=16, max_pixels=MANY).width == 48


@pytest.mark.parametrize(
    "start",
    [b"%!PS-Adobe-3.0 EPSF-3.0\n", b"%PDF-1.7\n", b"\xd7\xcd\xc6\x9a", b"\x0a\x05\x01\x08", b"8BPS\0\1", b"SIMPLE  ="],
    ids=["PostScript", "PDF", "WMF", "PCX", "PSD", "FITS"],
)
def test_formats_that_nobody_asked_for_are_never_parsed(start):
    assert reason_of(start + bytes(2000)) is Reason.NO_PICTURE


def test_no_other_program_is_started_for_a_picture(source, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError(f"started {args}")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    data = (FOLDER / "postscript-called.jpg").read_bytes()

    assert reason_of(data) is Reason.NO_PICTURE


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_fifos_and_sockets_are_left_out(source):
    os.mkfifo(source.root / "fifo.jpg")
    listener = socket.socket(socket.AF_UNIX)
    here = Path.cwd()
    os.chdir(source.root)  # the name of a socket is short
    listener.bind("socket.jpg")
    os.chdir(here)

    result = scan(source.root)
    listener.close()

    assert result.files == ()
    assert result.skips == (Skip("fifo.jpg", Reason.IRREGULAR), Skip("socket.jpg", Reason.IRREGULAR))


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no FIFOs")
def test_a_fifo_put_in_the_place_of_a_picture_holds_up_nothing(source):
    os.mkfifo(source.root / "a.jpg")

    with pytest.raises(SourceError, match=Reason.IRREGULAR):
        read_picture_file(source.root / "a.jpg", base=source.root)
    with pytest.raises(BadPicture, match=Reason.IRREGULAR):
        make_thumbnail(source.root / "a.jpg", source.root / "t.jpg", side=10, max_pixels=MANY)


def test_of_a_huge_file_that_is_no_picture_only_the_beginning_is_read(source):
    path = source.write("a.jpg", b"")
    os.truncate(path, 20 << 30)  # sparse: it takes no room on the disk

    def read():
        with pytest.raises(BadPicture, match="starts with 00 00"):
            read_picture_file(path)

    assert seconds_for(read) < 5


def test_a_picture_of_too_many_bytes_is_refused(source, monkeypatch):
    monkeypatch.setattr("mmsearch.collection.pictures.MAX_FILE_BYTES", 100)

    with pytest.raises(BadPicture, match="is larger than"):
        read_picture_file(source.write("a.bmp", encoded(quarters(), "BMP")))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell a process's greatest size this way")
@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P"])
def test_a_picture_near_the_limit_is_in_memory_only_once(source, mode):
    image, buffer = Image.new(mode, (5000, 5000)), io.BytesIO()
    image.save(buffer, "PNG")
    path = source.write("a.png", buffer.getvalue())

    done = subprocess.run([sys.executable, "-c", PEAK, path], capture_output=True, text=True, check=True)

    kilobytes_a_pixel = 4 if mode != "P" else 1  # Pillow keeps RGB in four bytes
    assert int(done.stdout) < 1.1 * kilobytes_a_pixel * 25_000 + 60_000
