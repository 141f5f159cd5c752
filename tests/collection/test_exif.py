from datetime import datetime

import pytest
from PIL import Image

from mmsearch.collection import load_picture
from mmsearch.types import Text
from tests.collection.drawing import encoded, quarters


def load(base=None, detail=None, form="JPEG"):
    exif = Image.Exif()
    exif.update(base or {})
    exif.get_ifd(0x8769).update(detail or {})
    return load_picture(encoded(quarters(), form, exif=exif), side=16, max_pixels=10_000)


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP", "AVIF"])
def test_reads_when_and_what(form):
    picture = load({0x010E: "A dog on the beach"}, {0x9003: "2019:07:14 18:03:59"}, form)

    assert picture.taken_at == datetime(2019, 7, 14, 18, 3, 59)
    assert picture.texts == (Text("A dog on the beach", None, "description"),)


def test_reads_the_description_of_a_tiff():
    assert [text.text for text in load({0x010E: "A dog on the beach"}, form="TIFF").texts] == ["A dog on the beach"]


@pytest.mark.parametrize("date", ["0000:00:00 00:00:00", "2019:02:30 10:00:00", "    :  :     :  :  ", "yesterday", ""])
def test_ignores_a_date_that_is_none(date):
    assert load(detail={0x9003: date}).taken_at is None


def test_takes_the_date_of_scanning_where_there_is_no_other():
    assert load(detail={0x9004: "2001:02:03 04:05:06"}).taken_at.year == 2001


def test_the_date_of_the_last_change_does_not_count():
    assert load({0x0132: "2001:02:03 04:05:06"}).taken_at is None


@pytest.mark.parametrize(
    "words",
    [
        "OLYMPUS DIGITAL CAMERA",
        "KONICA MINOLTA DIGITAL CAMERA",
        "SONY DSC",
        "SAMSUNG DIGITAL CAMERA",
        "          ",
        "Exif_JPEG_PICTURE",
        "DCIM/100MEDIA/DJI_0001.JPG",
        "IMG_20190714_180359.jpg",
        "CREATOR: gd-jpeg v1.0 (using IJG JPEG v62), quality = 90",
        "untitled",
        "sdr",
        "12345",
        '{"source": "camera"}',
    ],
)
def test_ignores_what_cameras_write_by_themselves(words):
    assert load({0x010E: words}).texts == ()


def test_keeps_short_descriptions():
    assert [text.text for text in load({0x010E: "Dog"}).texts] == ["Dog"]


def test_reads_utf8_where_the_standard_says_ascii():
    assert load({0x010E: "海边的狗".encode()}).texts == (Text("海边的狗", "zh", "description"),)


def test_reads_the_explorers_title_and_comment_once_each():
    title = "海边的狗\0".encode("utf-16-le")

    texts = load({0x9C9B: title, 0x9C9C: title}).texts

    assert texts == (Text("海边的狗", "zh", "description"),)


@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0A dog on the beach",
        b"\0\0\0\0\0\0\0\0A dog on the beach",
        b"UNICODE\0" + "A dog on the beach".encode("utf-16-le"),
        b"UNICODE\0" + "A dog on the beach".encode("utf-16-be"),
    ],
)
def test_reads_comments_in_their_encodings(comment):
    assert [text.text for text in load(detail={0x9286: comment}).texts] == ["A dog on the beach"]


@pytest.mark.parametrize("comment", [b"", b"UNICODE\0", b"garbage", b"ASCII\0\0\0\0\0\0\0", b"UNICODE\0\x00\xd8\x00"])
def test_ignores_comments_without_words(comment):
    assert load(detail={0x9286: comment}).texts == ()


def test_removes_control_characters():
    assert [text.text for text in load({0x010E: "A dog\x07 on\r\nthe beach"}).texts] == ["A dog on the beach"]
