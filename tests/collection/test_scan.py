import os

import pytest

from mmsearch.collection import FileKind, scan
from mmsearch.errors import SourceError
from mmsearch.types import Skip


def paths(result):
    return [file.path for file in result.files]


def signature(source, path="a.png"):
    return next(file.signature for file in scan(source.root).files if file.path == path)


def test_finds_pictures_and_texts_in_order_of_their_paths(source):
    for path in ("b.png", "A/z.JPG", "a/c.webp", "a.jpeg", "notes.txt", "rows.jsonl", "rows.csv", "film.mp4", "x"):
        source.picture(path)

    result = scan(source.root)

    assert [(file.path, file.kind) for file in result.files] == [
        ("A/z.JPG", FileKind.PICTURE),
        ("a.jpeg", FileKind.PICTURE),
        ("a/c.webp", FileKind.PICTURE),
        ("b.png", FileKind.PICTURE),
        ("notes.txt", FileKind.TEXT),
        ("rows.csv", FileKind.TABLE),
        ("rows.jsonl", FileKind.TABLE),
    ]
    assert result.skips == ()
    assert result.base == source.root


def test_states_size_and_date(source):
    stat = source.picture("a.png").stat()

    (file,) = scan(source.root).files

    assert (file.size, file.mtime_ns) == (stat.st_size, stat.st_mtime_ns)


def test_an_empty_folder_holds_nothing(source):
    assert scan(source.root).files == ()


def test_leaves_out_what_is_hidden_or_left_behind_by_programs(source):
    junk = (".hidden.png", ".git/a.png", "._a.png", "@eaDir/a.png", ".thumbnails/a.png", "__MACOSX/a.png", "Thumbs.db")
    for path in (*junk, "a.png"):
        source.picture(path)

    result = scan(source.root)

    assert paths(result) == ["a.png"]
    assert result.skips == ()


@pytest.mark.parametrize("name", ['it\'s "so".png', "two\nlines.png", "<script>alert(1)<\\script>.png", "海 边.png"])
def test_takes_names_as_they_are(source, name):
    source.picture(name)

    assert paths(scan(source.root)) == [name]


def test_reports_a_name_that_is_not_utf8(source):
    with open(os.fsencode(source.root) + b"/caf\xe9.png", "wb"):  # noqa: PTH123  # a Path of bytes there is not
        pass

    assert scan(source.root).skips == (Skip("caf\\xe9.png", "its name is not valid UTF-8; rename it"),)


def test_reports_pictures_that_are_not_supported_yet(source):
    source.write("a.HEIC", b"")

    assert scan(source.root).skips == (Skip("a.HEIC", "HEIC pictures are not supported yet; export it as JPEG"),)


def test_reports_a_folder_that_cannot_be_listed(source, monkeypatch):
    source.picture("a.png")
    source.picture("locked/b.png")
    listed = os.scandir

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)

    result = scan(source.root)

    assert paths(result) == ["a.png"]
    assert result.skips == (Skip("locked", "the folder cannot be listed: Permission denied"),)


def test_reports_what_is_no_regular_file(source):
    os.mkfifo(source.root / "pipe.jpg")

    assert scan(source.root).skips == (Skip("pipe.jpg", "is not a regular file"),)


def test_refuses_a_source_that_is_not_there(tmp_path):
    with pytest.raises(SourceError, match=r"nowhere does not exist\. Give a folder of pictures"):
        scan(tmp_path / "nowhere")


def test_refuses_a_file_that_holds_no_texts(source):
    with pytest.raises(SourceError, match=r"a\.png cannot be indexed alone"):
        scan(source.picture("a.png"))


class TestLinks:
    def test_does_not_follow_links_out_of_the_folder(self, source, tmp_path):
        (tmp_path / "secret").mkdir()
        (tmp_path / "secret" / "a.png").touch()
        (tmp_path / "secret" / "key").touch()
        (source.root / "folder").symlink_to(tmp_path / "secret")
        (source.root / "file.png").symlink_to(tmp_path / "secret" / "a.png")
        (source.root / "key").symlink_to(tmp_path / "secret" / "key")

        result = scan(source.root)

        assert result.files == ()
        assert [skip.path for skip in result.skips] == ["file.png", "folder"]
        assert all("leads out of the folder" in skip.reason for skip in result.skips)

    def test_takes_a_link_to_a_file_inside(self, source):
        source.picture("all/a.png")
        (source.root / "best.png").symlink_to("all/a.png")

        assert paths(scan(source.root)) == ["all/a.png", "best.png"]

    def test_lists_a_linked_folder_only_where_it_is(self, source):
        source.picture("z/a.png")
        (source.root / "a").symlink_to("z")

        result = scan(source.root)

        assert paths(result) == ["z/a.png"]
        assert result.skips == ()

    def test_survives_loops(self, source):
        source.picture("deep/a.png")
        (source.root / "deep" / "up").symlink_to("..")
        (source.root / "self.png").symlink_to("self.png")

        result = scan(source.root)

        assert paths(result) == ["deep/a.png"]
        assert [skip.path for skip in result.skips] == ["self.png"]

    def test_reports_a_link_to_nothing(self, source):
        (source.root / "a.png").symlink_to("gone.png")

        assert scan(source.root).skips == (Skip("a.png", "cannot be looked at: No such file or directory"),)

    def test_the_source_itself_may_be_a_link(self, source, tmp_path):
        source.picture("a.png")
        (tmp_path / "link").symlink_to(source.root)

        assert paths(scan(tmp_path / "link")) == ["a.png"]


class TestPatterns:
    def test_take_only_what_is_included(self, source):
        source.picture("images/dev/a.png")
        source.picture("images/train/b.png")

        assert paths(scan(source.root, include=["images/dev/**"])) == ["images/dev/a.png"]

    def test_included_pictures_keep_captions_from_elsewhere(self, source):
        source.picture("images/a.png")
        source.rows("captions.jsonl", {"image": "images/a.png", "en": ["A dog"]}, {"image": "other/b.png"})

        result = scan(source.root, include=["images"])

        assert len(result.files[0].rows) == 1
        assert result.skips == ()

    def test_leave_out_folders_with_all_in_them(self, source):
        source.picture("raw/a.png")
        source.picture("fine/raw/b.png")
        source.picture("fine/c.png")

        assert paths(scan(source.root, exclude=["raw"])) == ["fine/c.png"]

    def test_an_excluded_caption_file_is_not_read(self, source):
        source.picture("a.png")
        source.write("captions.jsonl", "broken")

        result = scan(source.root, exclude=["*.jsonl"])

        assert result.files[0].rows == ()
        assert result.skips == ()

    def test_the_sidecar_of_an_excluded_picture_is_no_text_item(self, source):
        source.picture("a.png")
        source.write("a.txt", "A dog")

        assert scan(source.root, exclude=["*.png"]).files == ()


class TestSignature:
    def test_stays_while_nothing_changes(self, source):
        source.picture("a.png")
        source.write("a.txt", "A dog")
        source.rows("captions.jsonl", {"image": "a.png", "en": "A dog"})

        assert signature(source) == signature(source)

    def test_changes_with_the_picture(self, source):
        file = source.picture("a.png")
        before = signature(source)

        os.utime(file, ns=(0, 1))

        assert signature(source) != before

    def test_changes_when_a_sidecar_comes_changes_or_goes(self, source):
        source.picture("a.png")
        bare = signature(source)
        sidecar = source.write("a.txt", "A dog")
        with_sidecar = signature(source)
        os.utime(sidecar, ns=(0, 1))
        touched = signature(source)
        sidecar.unlink()

        assert len({bare, with_sidecar, touched}) == 3
        assert signature(source) == bare

    def test_changes_with_the_rows_about_this_picture_only(self, source):
        source.picture("a.png")
        source.picture("b.png")
        source.rows("captions.jsonl", {"image": "a.png", "en": "A dog"}, {"image": "b.png", "en": "A cat"})
        before = signature(source, "a.png"), signature(source, "b.png")

        source.rows("captions.jsonl", {"image": "a.png", "en": "A dog"}, {"image": "b.png", "en": "Two cats"})

        assert signature(source, "a.png") == before[0]
        assert signature(source, "b.png") != before[1]

    def test_stays_when_the_picture_moves(self, source):
        file = source.picture("a.png")
        before = signature(source)

        (source.root / "deep").mkdir()
        file.rename(source.root / "deep" / "b.png")

        assert signature(source, "deep/b.png") == before


class TestSingleFile:
    def test_a_text_file_is_one_text(self, source):
        result = scan(source.write("story.txt", "Once"))

        assert [(file.path, file.kind) for file in result.files] == [("story.txt", FileKind.TEXT)]
        assert result.base == source.root

    def test_it_may_be_a_link(self, source, tmp_path):
        (tmp_path / "link.txt").symlink_to(source.write("story.txt", "Once"))

        assert paths(scan(tmp_path / "link.txt")) == ["link.txt"]

    def test_a_table_of_texts_is_a_table(self, source):
        result = scan(source.rows("rows.jsonl", {"text": "One", "path": "doc/1.html"}, {"text": "Two"}))

        assert [(file.path, file.kind) for file in result.files] == [("rows.jsonl", FileKind.TABLE)]

    def test_a_caption_file_stands_for_the_pictures_that_it_names(self, source):
        source.picture("images/a.png")
        source.picture("images/unnamed.png")
        file = source.rows("any.jsonl", {"image": "images/a.png", "en": ["A dog"]}, {"image": "images/gone.png"})

        result = scan(file)

        assert paths(result) == ["images/a.png"]
        assert result.skips == (Skip("any.jsonl", "names a picture that is not there: 'images/gone.png'"),)

    def test_a_caption_file_reaches_nothing_outside_its_folder(self, source, tmp_path):
        (tmp_path / "secret.png").touch()
        (source.root / "link.png").symlink_to(tmp_path / "secret.png")
        file = source.rows("captions.jsonl", {"image": "../secret.png"}, {"image": "link.png"})

        assert scan(file).files == ()

    def test_both_ways_to_a_picture_give_one_signature(self, source):
        source.picture("a.png")
        file = source.rows("captions.jsonl", {"image": "a.png", "en": ["A dog"]})

        assert scan(file).files == scan(source.root).files
