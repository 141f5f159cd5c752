import threading

import pytest
from PIL import Image

from mmsearch.collection import make_thumbnail
from mmsearch.errors import BadPicture, MmsearchError
from tests.collection.drawing import BLUE, GREEN, RED, WHITE, corners, encoded, quarters


def make(path, target, side=100):
    make_thumbnail(path, target, side=side, max_pixels=10_000_000)


def test_writes_a_small_jpeg(source):
    target = source.root / "cache" / "ab" / "a.jpg"

    make(source.write("a.png", encoded(quarters(640, 480))), target)

    with Image.open(target) as image:
        assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (100, 75))
        assert "progressive" not in image.info
        wanted = [RED, GREEN, BLUE, WHITE]
        assert all(
            abs(a - b) < 8 for p, w in zip(corners(image), wanted, strict=True) for a, b in zip(p, w, strict=True)
        )


def test_never_enlarges(source):
    target = source.root / "t.jpg"

    make(source.write("a.png", encoded(quarters(40, 30))), target)

    with Image.open(target) as image:
        assert image.size == (40, 30)


def test_turns_it_upright(source):
    exif = Image.Exif()
    exif[0x0112] = 6
    target = source.root / "t.jpg"

    make(source.write("a.jpg", encoded(quarters(640, 480), "JPEG", exif=exif)), target)

    with Image.open(target) as image:
        assert image.size == (75, 100)
        assert image.getexif() == {}


def test_leaves_nothing_behind_when_the_picture_is_bad(source):
    target = source.root / "cache" / "t.jpg"

    with pytest.raises(BadPicture):
        make(source.write("a.png", b"no picture"), target)

    assert not target.parent.exists()


def test_refuses_a_picture_that_is_gone(source):
    with pytest.raises(BadPicture, match="cannot be read: No such file"):
        make(source.root / "gone.png", source.root / "t.jpg")


def test_says_which_thumbnail_cannot_be_written(source):
    blocked = source.write("file", "not a folder")

    with pytest.raises(MmsearchError, match=r"The thumbnail .*t\.jpg cannot be written"):
        make(source.picture("a.png"), blocked / "t.jpg")


def test_many_writers_leave_one_whole_file(source):
    path, target = source.write("a.png", encoded(quarters(640, 480))), source.root / "cache" / "t.jpg"
    threads = [threading.Thread(target=make, args=(path, target)) for _ in range(8)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [file.name for file in target.parent.iterdir()] == ["t.jpg"]
    with Image.open(target) as image:
        image.load()
