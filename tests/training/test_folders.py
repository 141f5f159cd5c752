import pytest
from PIL import Image

from mmsearch.errors import SourceError, TrainingError
from mmsearch.training.folders import UNKNOWN, open_reduced, read_folder
from tests.training.captioned import captioned_folder, draw


@pytest.fixture
def folder(tmp_path):
    return captioned_folder(tmp_path / "pictures")


def reasons(read):
    return {skip.path: skip.reason for skip in read.left_out}


def test_reads_captions_beside_pictures_and_in_a_caption_file(folder):
    read = read_folder(folder, held_out=0, seed=0)

    texts = {picture.path.name: picture.texts for picture in read.train}
    assert len(texts) == 12
    assert texts["red-0.png"] == {UNKNOWN: ("a red one", "red")}
    assert texts["red-1.png"] == {"en": ("red 1",)}
    assert read.held_out == ()
    assert read.left_out == ()
    assert read.captions == 18


def test_what_is_broken_is_left_out_with_its_path_and_the_reason(folder):
    draw(folder / "cut.png", "red", 1)
    (folder / "cut.png").write_bytes((folder / "cut.png").read_bytes()[:90])
    (folder / "cut.txt").write_text("a picture that was cut short")
    draw(folder / "silent.png", "red", 9)
    draw(folder / "empty.png", "red", 10)
    (folder / "empty.txt").write_text(" \n")
    (folder / "alone.txt").write_text("a caption without a picture")
    draw(folder / "nul.png", "red", 11)
    (folder / "nul.txt").write_bytes(b"\0\1")
    (folder / "letter.docx").write_bytes(b"PK")
    with (folder / "captions.jsonl").open("a") as file:
        file.write('{"image": "gone.png", "en": ["gone"]}\n{"image": "red-0.png", "en": [\n')

    read = read_folder(folder, held_out=0, seed=0)

    told = reasons(read)
    assert told["cut.png"].startswith("is damaged or cut short")
    assert told["silent.png"] == "has no caption"
    assert told["empty.png"] == "its caption is empty or holds no words"
    assert told["alone.txt"] == "is a text without a picture"
    assert told["nul.txt"] == "is not text: it holds NUL bytes"
    assert told["letter.docx"] == "is neither a picture nor a text that is read"
    about_lines = [skip.reason for skip in read.left_out if skip.path == "captions.jsonl"]
    assert any("gone.png" in reason for reason in about_lines)
    assert any("is not JSON" in reason for reason in about_lines)
    assert len(read.train) == 12


def test_captions_in_another_encoding_than_utf8_are_read(folder):
    draw(folder / "cafe.png", "red", 11)
    (folder / "cafe.txt").write_bytes("un café rouge".encode("latin-1"))

    read = read_folder(folder, held_out=0, seed=0)

    assert {UNKNOWN: ("un café rouge",)} in [picture.texts for picture in read.train]


def test_a_picture_under_two_names_is_one_with_the_captions_of_both(folder):
    (folder / "twin.png").write_bytes((folder / "blue-0.png").read_bytes())
    (folder / "twin.txt").write_text("sky")

    read = read_folder(folder, held_out=0, seed=0)

    texts = {picture.path.name: picture.texts for picture in read.train}
    assert texts["blue-0.png"] == {UNKNOWN: ("a blue one", "blue", "sky")}
    assert "twin.png" not in texts
    assert reasons(read) == {"twin.png": "shows the same as blue-0.png, which takes over its captions"}


def test_captions_of_several_pictures_are_counted(folder):
    (folder / "blue-0.txt").write_text("red\n")

    assert read_folder(folder, held_out=0, seed=0).shared == 1


def test_pictures_are_held_out_by_lot_from_the_seed(folder):
    first, again, other = (read_folder(folder, held_out=0.25, seed=seed) for seed in (1, 1, 2))

    assert first == again
    assert {picture.path for picture in first.held_out} != {picture.path for picture in other.held_out}
    assert (len(first.train), len(first.held_out)) == (9, 3)
    assert not {picture.path for picture in first.train} & {picture.path for picture in first.held_out}


def test_too_few_captioned_pictures_are_refused_with_what_was_left_out(tmp_path):
    draw(tmp_path / "red.png", "red", 0)

    with pytest.raises(TrainingError, match=r"0 pictures with captions; at least 4 .* red\.png has no caption"):
        read_folder(tmp_path, held_out=0.2, seed=0)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(SourceError, match="nowhere"):
        read_folder(tmp_path / "nowhere", held_out=0.2, seed=0)


def test_large_pictures_are_reduced_when_opened(tmp_path):
    Image.new("RGB", (1600, 1200), "red").save(tmp_path / "large.jpg")

    image = open_reduced(tmp_path / "large.jpg", 100)

    assert (image.mode, image.size) == ("RGB", (200, 150))


def test_a_picture_that_is_gone_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"gone\.jpg"):
        open_reduced(tmp_path / "gone.jpg", 100)
