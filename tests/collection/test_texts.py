import pytest

from mmsearch.collection import FileKind, content_hash, load_texts, scan
from mmsearch.errors import BadInput, SourceError
from mmsearch.types import Text


def load(path, kind, on_bad=None):
    return load_texts(path.parent, path.name, kind, on_bad)


def bodies(items):
    return [item.text.text for item in items]


class TestWholeFiles:
    def test_are_one_item_each(self, source):
        (item,) = load(source.write("a.txt", "Once upon\n\n\n\na  time\r\nthere was"), FileKind.TEXT)

        assert item.text == Text("Once upon\n\na time\nthere was", None, "body")
        assert item.key == content_hash(b"Once upon a time there was")

    def test_tell_their_language_by_their_script(self, source):
        (item,) = load(source.write("a.txt", "从前"), FileKind.TEXT)

        assert item.text.language == "zh"

    @pytest.mark.parametrize("content", ["", " \n\t "])
    def test_hold_nothing_when_blank(self, source, content):
        assert load(source.write("a.txt", content), FileKind.TEXT) == []

    def test_are_cut_at_the_limit_even_within_a_character(self, source):
        (item,) = load(source.write("a.txt", "a" + "中" * 30_000), FileKind.TEXT)

        assert len(item.text.text) == 20_000

    def test_are_refused_when_they_are_not_text(self, source):
        with pytest.raises(SourceError, match="is not text"):
            load(source.write("a.txt", b"\x7fELF\x00\x00"), FileKind.TEXT)

    def test_are_refused_when_they_are_gone(self, source):
        with pytest.raises(SourceError, match="cannot be read: No such file"):
            load(source.root / "a.txt", FileKind.TEXT)

    def test_in_old_western_encodings_are_read(self, source):
        (item,) = load(source.write("a.txt", "un café noir".encode("cp1252")), FileKind.TEXT)

        assert item.text.text == "un café noir"


class TestTables:
    @pytest.mark.parametrize(
        ("name", "content", "expected"),
        [
            ("a.jsonl", '{"text": "One"}\n{"caption": "Two"}\n{"title": "Three"}\n', ["One", "Two", "Three"]),
            ("a.jsonl", '{"en": "One", "zh": "一"}', ["One", "一"]),
            ("a.csv", "text,rank\nOne,1\nTwo,2\n", ["One", "Two"]),
            ("a.csv", "rank,Caption\n1,One\n2,Two\n", ["One", "Two"]),
            ("a.csv", "what,rank\nOne,1\nTwo,2\n", ["One", "Two"]),
            ("a.csv", "One\nTwo\n", ["One", "Two"]),
            ("a.csv", "text\nOne\nTwo\n", ["One", "Two"]),
            ("a.csv", 'text\n"One, two\nthree"\n', ["One, two three"]),
            ("a.csv", "rank\ttext\n1\tOne, two\n", ["One, two"]),
            ("a.csv", "", []),
        ],
    )
    def test_hold_an_item_in_each_row(self, source, name, content, expected):
        assert bodies(load(source.write(name, content), FileKind.TABLE)) == expected

    def test_keep_title_and_other_fields(self, source):
        file = source.rows("a.jsonl", {"text": "Once", "title": "A tale", "page": 3})

        (item,) = load(file, FileKind.TABLE)

        assert (item.title, item.extra) == ("A tale", {"page": "3"})

    def test_hold_equal_texts_once(self, source):
        file = source.rows("a.jsonl", {"text": "One  two"}, {"text": "One two "}, {"text": "one two"})

        assert bodies(load(file, FileKind.TABLE)) == ["One two", "one two"]

    def test_give_equal_texts_the_key_of_whole_files(self, source):
        (row,) = load(source.rows("a.jsonl", {"text": "One two"}), FileKind.TABLE)
        (whole,) = load(source.write("a.txt", "One\ntwo\n"), FileKind.TEXT)

        assert row.key == whole.key

    def test_report_rows_without_use(self, source):
        told = []
        file = source.write("a.jsonl", 'broken\n{"page": 1}\n{"text": "One"}\n{"image": "a.jpg", "text": "Two"}\n')

        assert bodies(load(file, FileKind.TABLE, told.append)) == ["One"]
        assert [reason.split(" (")[0] for reason in told] == [
            "line 1: is not JSON",
            "line 2: holds no text, caption or title",
            "line 4: is about a picture; captions.jsonl is the name for a file of such lines",
        ]

    def test_report_many_such_rows_as_a_number(self, source):
        told = []

        load(source.write("a.jsonl", "broken\n" * 100), FileKind.TABLE, told.append)

        assert told[20:] == ["80 more lines like these"]

    def test_go_on_after_a_cell_that_is_too_large(self, source):
        told = []
        file = source.write("a.csv", "text\nOne\n" + "x" * 200_000 + "\nTwo\n")

        assert bodies(load(file, FileKind.TABLE, told.append))[::2][:1] == ["One"]
        assert "field larger than field limit" in told[0]

    def test_called_captions_but_naming_no_picture_are_texts(self, source):
        source.rows("captions.jsonl", {"caption": "A dog"}, {"caption": "A cat"})

        result = scan(source.root)

        assert [(file.path, file.kind) for file in result.files] == [("captions.jsonl", FileKind.TABLE)]
        assert result.skips == ()


def test_refuses_to_read_words_from_a_picture(source):
    with pytest.raises(BadInput, match="is a picture"):
        load(source.picture("a.png"), FileKind.PICTURE)


def test_content_is_named_by_forty_digits():
    # BLAKE2b with a digest of 20 bytes (RFC 7693), as `b2sum --length=160` prints it for no bytes at all.
    assert content_hash(b"") == "3345524abf6bbe1809449224b5972c41790b6cf2"
