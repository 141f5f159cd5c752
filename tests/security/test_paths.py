"""Names and links made to lead out of the folder that was to be indexed."""

import os

import pytest

from mmsearch.collection import (
    FileKind,
    Reason,
    content_hash,
    load_texts,
    make_thumbnail,
    read_notes,
    read_picture_file,
    scan,
)
from mmsearch.errors import BadPicture, SourceError
from mmsearch.indexing.reading import FileReader
from mmsearch.types import Skip

OUTSIDE = [
    *("../secret.png", "a/../../secret.png", "/etc/passwd.png", "C:\\secret.png", "C:secret.png", "..\\secret.png"),
    *("\\\\server\\share\\secret.png", "//server/share/secret.png", "file:///etc/secret.png", "a\0.png", "../source"),
]
NAMES = [
    *("two\nlines.png", "\x1b[31mred.png", "gpj\u202eexe.png", "<script>alert(1)<script>.png", "\"'&.png", "-rf.png"),
    *(
        "--help.png",
        "=cmd|' .png",
        " .png",
        "%s%n.png",
        "$(id).png",
        "\u200b.png",
        "é" * 125 + ".png",
        "a" * 251 + ".png",
    ),
]


@pytest.mark.parametrize("name", OUTSIDE)
def test_a_caption_file_cannot_name_what_lies_outside(source, secret, name):
    source.rows("captions.jsonl", {"image": name, "caption": "mine"})

    in_folder, alone = scan(source.root), scan(source.root / "captions.jsonl")

    assert in_folder.files == alone.files == ()
    assert [skip.reason for skip in alone.skips] == [Reason.LINE_LEADS_OUT.format(1, repr(name))]


def test_a_link_that_leads_out_is_not_followed(source, secret):
    (source.root / "a.png").symlink_to(secret)
    (source.root / "folder").symlink_to(secret.parent)

    result = scan(source.root)

    assert result.files == ()
    assert result.skips == (Skip("a.png", Reason.LEADS_OUT), Skip("folder", Reason.LEADS_OUT))


def test_a_caption_file_cannot_reach_outside_through_a_link(source, secret):
    (source.root / "folder").symlink_to(secret.parent)
    source.rows("captions.jsonl", {"image": "folder/secret.png", "caption": "mine"})

    assert scan(source.root / "captions.jsonl").files == ()


def test_a_caption_file_that_is_a_link_is_not_read(source, tmp_path):
    outside = tmp_path / "outside.jsonl"
    outside.write_text('{"image": "a.png", "caption": "secret"}')
    source.picture("a.png")
    (source.root / "captions.jsonl").symlink_to(outside)

    (found,) = scan(source.root).files

    assert read_notes(source.root, found).texts == ()


def test_a_folder_that_contains_itself_ends(source):
    source.picture("a.png")
    (source.root / "self").symlink_to(source.root)
    (source.root / "loop").symlink_to(source.root / "loop")

    assert [file.path for file in scan(source.root).files] == ["a.png"]


@pytest.mark.parametrize("name", NAMES)
def test_any_name_that_a_file_can_have_is_taken_as_it_is(source, name):
    source.picture(name)

    (found,) = scan(source.root).files

    assert found.path == name
    assert FileReader(source.root, 16, 10_000, set()).read(found, None).record.reason is None


@pytest.mark.skipif(os.name == "nt", reason="names are Unicode there")
def test_a_name_that_is_no_text_is_left_out_and_shown_as_text(source):
    (source.root / os.fsdecode(b"\xff\xfe.png")).write_bytes(b"x")

    (skip,) = scan(source.root).skips

    assert skip == Skip("\\xff\\xfe.png", Reason.NAME_NOT_UTF8)


def test_names_that_differ_in_case_are_two_files(source):
    source.picture("a.png")
    source.picture("A.PNG")

    assert len(scan(source.root).files) == len(list(source.root.iterdir()))


def test_a_picture_exchanged_for_a_link_after_the_scan_is_not_read(source, secret):
    path = source.picture("a.png")
    (found,) = scan(source.root).files
    path.unlink()
    path.symlink_to(secret)

    read = FileReader(source.root, 16, 10_000, set()).read(found, None)

    assert (read.image, read.record.reason) == (None, Reason.LEADS_OUT)


def test_a_folder_exchanged_for_a_link_after_the_scan_is_not_read(source, secret):
    source.picture("folder/secret.png").unlink()
    (source.root / "folder").rmdir()
    (source.root / "folder").symlink_to(secret.parent)

    with pytest.raises(SourceError, match=Reason.LEADS_OUT):
        read_picture_file(source.root / "folder/secret.png", base=source.root)


def test_texts_and_sidecars_exchanged_for_links_after_the_scan_are_not_read(source, tmp_path):
    outside = tmp_path / "outside.txt"
    outside.write_text("secret")
    source.picture("a.png")
    paths = [source.write(name, "one\n") for name in ("a.txt", "b.txt")]
    picture, _ = scan(source.root).files
    for path in paths:
        path.unlink()
        path.symlink_to(outside)

    notes = read_notes(source.root, picture)

    assert (notes.texts, notes.skips) == ((), (Skip("a.txt", Reason.LEADS_OUT),))
    with pytest.raises(SourceError, match=Reason.LEADS_OUT):
        load_texts(source.root, "b.txt", FileKind.TEXT)


def test_a_link_within_the_folder_is_followed(source):
    source.picture("a.png")
    (source.root / "b.png").symlink_to(source.root / "a.png")

    assert read_picture_file(source.root / "b.png", base=source.root) == (source.root / "a.png").read_bytes()


def test_a_thumbnail_shows_the_picture_that_was_indexed_or_none(source, secret):
    path = source.picture("a.png")
    indexed = content_hash(path.read_bytes())
    make_thumbnail(path, source.root / "t.jpg", side=10, max_pixels=10_000, expected=indexed)
    secret.write_bytes(secret.read_bytes() + b"another")
    path.unlink()
    path.symlink_to(secret)

    with pytest.raises(BadPicture, match="has changed since it was indexed"):
        make_thumbnail(path, source.root / "u.jpg", side=10, max_pixels=10_000, expected=indexed)

    assert (source.root / "t.jpg").exists()
    assert not (source.root / "u.jpg").exists()
