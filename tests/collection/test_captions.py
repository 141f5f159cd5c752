import json
import os
import unicodedata

import pytest

from mmsearch.collection import Notes, read_notes, scan
from mmsearch.types import Credit, Skip, Text

EN, ZH = Text("A dog", "en"), Text("一只狗", "zh")


def notes(source, path="a.png"):
    result = scan(source.root)
    return next(read_notes(result.base, file) for file in result.files if file.path == path)


@pytest.fixture
def with_picture(source):
    source.picture("a.png")
    return source


def test_a_picture_alone_has_no_notes(with_picture):
    assert notes(with_picture) == Notes()


@pytest.mark.parametrize(
    ("row", "texts"),
    [
        ({"en": ["A dog"], "zh": ["一只狗"]}, (EN, ZH)),
        ({"en": "A dog", "zh": "一只狗"}, (EN, ZH)),
        ({"EN": "A dog", "zh-CN": "一只狗"}, (EN, ZH)),
        ({"caption_en": "A dog", "text_zh": "一只狗"}, (EN, ZH)),
        ({"caption": {"en": "A dog", "zh": ["一只狗"]}}, (EN, ZH)),
        ({"captions": ["A dog", "一只狗"]}, (Text("A dog"), ZH)),
        ({"sentences": [{"raw": "A dog"}]}, (Text("A dog"),)),
        ({"text": "A dog"}, (Text("A dog"),)),
        ({"Caption": "A dog"}, (Text("A dog"),)),
        ({"caption": "イヌが走る公園"}, (Text("イヌが走る公園", "ja"),)),
        ({"caption": "공원의 개"}, (Text("공원의 개", "ko"),)),
        ({"description": "A dog"}, (Text("A dog", None, "description"),)),
        ({"keywords": ["dog", "beach"]}, (Text("dog, beach", None, "keywords"),)),
        ({"en": ["A dog", "A dog", "", "  ", None, 5]}, (EN,)),
        ({"en": [], "zh": None}, ()),
        ({"id": ["Seekor anjing"]}, (Text("Seekor anjing", "id"),)),
        ({"xx": ["not a language"]}, ()),
        ({"caption": {"boxes": [1, 2]}}, ()),
    ],
)
def test_understands_the_usual_forms_of_captions(with_picture, row, texts):
    with_picture.rows("captions.jsonl", {"image": "a.png", **row})

    assert notes(with_picture).texts == texts


@pytest.mark.parametrize("field", ["image", "file_name", "filename", "file", "path"])
def test_understands_the_usual_names_of_the_picture(with_picture, field):
    with_picture.rows("captions.jsonl", {field: "a.png", "en": "A dog"})

    assert notes(with_picture).texts == (EN,)


def test_reads_title_credit_and_everything_else(with_picture):
    row = {"title": "Rex", "author": "Ann", "license": "CC0", "licence_url": "https://l", "source": "https://s"}
    more = {"split": "dev", "class": 7, "sharp": True, "id": "x1", "empty": "", "none": None, "box": {"x": 1}}
    with_picture.rows("captions.jsonl", {"image": "a.png", **row, **more})

    assert notes(with_picture) == Notes(
        title="Rex",
        credit=Credit("Ann", "CC0", "https://l", "https://s"),
        extra={"split": "dev", "class": "7", "sharp": "True", "id": "x1"},
    )


def test_joins_rows_and_lets_the_first_title_win(with_picture):
    with_picture.rows(
        "captions.jsonl",
        {"image": "a.png", "caption": "A dog", "title": "First"},
        {"image": "./a.png", "caption": "On the beach", "title": "Second"},
    )

    found = notes(with_picture)

    assert [text.text for text in found.texts] == ["A dog", "On the beach"]
    assert found.title == "First"


def test_a_title_that_is_the_file_name_says_nothing(with_picture):
    with_picture.rows("captions.jsonl", {"image": "a.png", "title": "A.png"})

    assert notes(with_picture).title is None


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("captions.jsonl", '{"image": "a.png", "en": "A dog"}\n'),
        ("metadata.jsonl", '{"file_name": "a.png", "en": "A dog"}'),
        ("captions.json", '[{"image": "a.png", "en": "A dog"}]'),
        ("captions.json", '{"a.png": {"en": ["A dog"]}}'),
        ("captions.csv", "image,en\na.png,A dog\n"),
        ("captions.csv", "image;en\r\na.png;A dog\r\n"),
        ("metadata.csv", 'file_name,en\n"a.png","A dog"'),
        ("Captions.JSONL", '{"image": "a.png", "en": "A dog"}\r\n\r\n'),
    ],
)
def test_reads_every_kind_of_caption_file(with_picture, name, content):
    with_picture.write(name, content)

    assert notes(with_picture).texts == (EN,)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["captions.jsonl", "captions.csv", "a.txt", "a.json"])
def test_reads_every_encoding(with_picture, encoding, name):
    row = json.dumps({"image": "a.png", "caption": "一只狗"}, ensure_ascii=False)
    content = {"captions.jsonl": row, "captions.csv": "image,caption\na.png,一只狗\n", "a.txt": "一只狗", "a.json": row}
    with_picture.write(name, content[name].encode(encoding))

    assert notes(with_picture).texts == (ZH,)


@pytest.mark.parametrize(("name", "before"), [("captions.csv", "image,caption\na.png,"), ("a.txt", "")])
def test_falls_back_to_the_chinese_encoding_of_old_programs(with_picture, name, before):
    with_picture.write(name, (before + "一只狗\n").encode("gb18030"))

    assert notes(with_picture).texts == (ZH,)


def test_paths_are_relative_to_the_folder_of_the_caption_file(source):
    source.picture("deep/images/a.png")
    source.rows("deep/captions.jsonl", {"image": "images/a.png", "en": "A dog"})

    assert notes(source, "deep/images/a.png").texts == (EN,)


def test_a_caption_file_may_speak_of_a_folder_beside_it(source):
    source.picture("images/a.png")
    source.rows("words/captions.jsonl", {"image": "../images/a.png", "en": "A dog"})

    assert notes(source, "images/a.png").texts == (EN,)


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "../outside.png", "/etc/passwd", "a/../../x.png", "https://x/y.png"]
)
def test_paths_never_leave_the_source(with_picture, tmp_path, name):
    (tmp_path / "outside.png").touch()
    with_picture.rows("captions.jsonl", {"image": "a.png"}, {"image": name, "en": "A dog"})

    result = scan(with_picture.root)

    assert [file.path for file in result.files] == ["a.png"]
    assert result.skips == (Skip("captions.jsonl", f"line 2: {name!r} leads out of the folder"),)


def test_finds_pictures_named_by_windows_or_by_macos(source):
    source.picture("images/" + unicodedata.normalize("NFD", "été.png"))
    source.rows("captions.jsonl", {"image": "images\\été.png", "en": "A dog"})

    (file,) = scan(source.root).files

    assert read_notes(source.root, file).texts == (EN,)


def test_reports_bad_lines_and_reads_the_others(with_picture):
    with_picture.write(
        "captions.jsonl", 'broken\n[1]\n{"image": "a.png", "en": "A dog"}\n{"en": "whose?"}\n' + "[" * 100_000
    )

    result = scan(with_picture.root)

    assert read_notes(result.base, result.files[0]).texts == (EN,)
    assert [skip.reason.split(" (")[0] for skip in result.skips] == [
        "line 1: is not JSON",
        "line 2: is not a JSON object",
        "line 4: names no picture",
        "line 5: is not JSON",
    ]


def test_reports_many_bad_lines_as_a_number(with_picture):
    with_picture.write("captions.jsonl", '{"image": "a.png"}\n' + "broken\n" * 1000)

    reasons = [skip.reason for skip in scan(with_picture.root).skips]

    assert len(reasons) == 21
    assert reasons[-1] == "980 more lines like these"


def test_reports_missing_pictures_once_for_each_file(with_picture):
    with_picture.rows("captions.jsonl", {"image": "a.png"}, *({"image": f"gone/{i}.png"} for i in range(7)))

    assert scan(with_picture.root).skips == (
        Skip("captions.jsonl", "names 7 pictures that are not there, such as 'gone/0.png'"),
    )


def test_a_picture_that_is_there_but_unreadable_is_not_called_missing(with_picture):
    with_picture.write("b.heic", b"")
    with_picture.rows("captions.jsonl", {"image": "a.png"}, {"image": "b.heic"})

    assert [skip.path for skip in scan(with_picture.root).skips] == ["b.heic"]


@pytest.mark.parametrize("name", ["x\0y.png", "\ud800.png", "n" * 5000 + ".png"])
def test_survives_names_that_no_file_can_have(with_picture, name):
    with_picture.write("captions.jsonl", json.dumps({"image": name, "en": "A dog"}) + '\n{"image": "a.png"}')

    result = scan(with_picture.root)

    assert [file.path for file in result.files] == ["a.png"]
    assert len(result.skips) == 1


def test_a_file_that_is_not_text_is_reported(with_picture):
    with_picture.write("captions.jsonl", b"\x00\x01\x02" * 50)

    assert scan(with_picture.root).skips == (Skip("captions.jsonl", "is not text: it holds NUL bytes"),)


def test_cleans_what_strangers_write(with_picture):
    with_picture.rows("captions.jsonl", {"image": "a.png", "en": " A\x00 dog\u202e \n\t on\x1b[31m the  beach\ufeff "})
    with_picture.write("a.json", '{"caption": "half of a pair: \\ud83d"}')

    assert [text.text for text in notes(with_picture).texts] == ["A dog on[31m the beach", "half of a pair:"]


def test_keeps_within_its_limits(with_picture):
    row = {"image": "a.png", "en": ["x" * 5000, *(str(i) + "th" for i in range(99))]}
    with_picture.rows("captions.jsonl", {**row, **{f"field{i}": "y" * 900 for i in range(99)}})

    found = notes(with_picture)

    assert len(found.texts) == 50
    assert len(found.texts[0].text) == 2000
    assert len(found.extra) == 40
    assert {len(value) for value in found.extra.values()} == {500}


class TestSidecars:
    @pytest.mark.parametrize("name", ["a.txt", "a.TXT", "a.png.txt"])
    def test_a_text_holds_a_caption_on_each_line(self, with_picture, name):
        with_picture.write(name, "A dog\r\n\r\n一只狗\n")

        assert notes(with_picture).texts == (Text("A dog"), ZH)

    @pytest.mark.parametrize(
        ("content", "texts"),
        [
            ('{"en": ["A dog"], "zh": "一只狗"}', (EN, ZH)),
            ('["A dog", "一只狗"]', (Text("A dog"), ZH)),
            ('[{"en": "A dog"}]', (EN,)),
            ('"A dog"', (Text("A dog"),)),
            ("7", ()),
        ],
    )
    def test_json_is_an_object_or_a_list(self, with_picture, content, texts):
        with_picture.write("a.json", content)

        assert notes(with_picture).texts == texts

    @pytest.mark.parametrize("name", ["a.png.json", "a.png.supplemental-metadata.json", "a.json"])
    def test_understands_what_photo_services_export(self, with_picture, name):
        with_picture.write(name, '{"title": "a.png", "description": "A dog", "photoTakenTime": {"timestamp": "1"}}')

        assert notes(with_picture) == Notes((Text("A dog", None, "description"),))

    def test_broken_ones_are_reported_and_the_rest_is_read(self, with_picture):
        with_picture.write("a.json", "{broken")
        with_picture.write("a.txt", "A dog")

        found = notes(with_picture)

        assert found.texts == (Text("A dog"),)
        assert [(skip.path, skip.reason.split(" (")[0]) for skip in found.skips] == [("a.json", "is not JSON")]

    def test_one_that_vanished_is_reported(self, with_picture):
        sidecar = with_picture.write("a.txt", "A dog")
        (file,) = scan(with_picture.root).files
        sidecar.unlink()

        assert read_notes(with_picture.root, file).skips == (
            Skip("a.txt", "cannot be read: No such file or directory"),
        )

    def test_captions_come_before_sidecars(self, with_picture):
        with_picture.write("a.txt", "From the sidecar")
        with_picture.rows("captions.jsonl", {"image": "a.png", "en": "A dog"})

        assert notes(with_picture).texts == (EN, Text("From the sidecar"))

    def test_two_pictures_of_one_name_share_theirs(self, with_picture):
        with_picture.picture("a.gif")
        with_picture.write("a.txt", "A dog")

        assert notes(with_picture, "a.png").texts == notes(with_picture, "a.gif").texts == (Text("A dog"),)

    def test_reading_them_is_left_to_read_notes(self, with_picture):
        os.mkfifo(with_picture.root / "b.txt")  # opening it would wait for ever
        with_picture.write("a.txt", "A dog").chmod(0)

        assert [file.path for file in scan(with_picture.root).files] == ["a.png"]
