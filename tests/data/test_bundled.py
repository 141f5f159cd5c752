"""The bundled collection: all there, credited, free, small, without metadata, and described in two languages."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

DATA = Path(__file__).parents[2] / "data"
ROWS = [json.loads(line) for line in (DATA / "captions.jsonl").read_text(encoding="utf-8").splitlines()]
FIELDS = ("image", "title", "title_zh", "en", "zh", "author", "licence", "licence_url", "source")
CREATIVE_COMMONS = "https://creativecommons.org/"
LICENCES = {  # licence -> what its address begins with
    "CC0 1.0": CREATIVE_COMMONS + "publicdomain/zero/1.0/",
    **{f"CC BY {n}": f"{CREATIVE_COMMONS}licenses/by/{n}/" for n in ("2.0", "4.0")},
    **{f"CC BY-SA {n}": f"{CREATIVE_COMMONS}licenses/by-sa/{n}/" for n in ("2.0", "2.5", "3.0", "4.0")},
    "US government work (public domain)": "https://www.usa.gov/government-works",
    "Public domain (no known restrictions on publication)": "https://www.loc.gov/pictures/collection/",
    "Public domain (CC0 by SpaceX)": CREATIVE_COMMONS + "publicdomain/zero/1.0/",
}
MEGABYTE = 1_000_000
HAN = re.compile(r"[\u4e00-\u9fff]")
PHOTOS = [row for row in ROWS if row["image"].startswith("photos/")]
SCENES = [row for row in ROWS if row["image"].startswith("scenes/")]


@pytest.fixture(scope="module")
def readme():
    return (DATA / "README.md").read_text(encoding="utf-8")


def test_holds_at_least_230_photographs_and_some_60_scenes():
    assert len(PHOTOS) >= 230
    assert 55 <= len(SCENES) <= 65
    assert len(PHOTOS) + len(SCENES) == len(ROWS)


def test_every_line_names_another_picture():
    assert len({row["image"] for row in ROWS}) == len(ROWS)


def test_no_picture_lacks_a_line_and_no_line_a_picture():
    assert {path.relative_to(DATA).as_posix() for path in DATA.rglob("*.webp")} == {row["image"] for row in ROWS}


def test_holds_nothing_but_pictures_captions_and_the_readme():
    others = {
        path.relative_to(DATA).as_posix() for path in DATA.rglob("*") if path.is_file() and path.suffix != ".webp"
    }

    assert others == {"captions.jsonl", "README.md"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: Path(row["image"]).stem)
def test_a_picture_is_small_and_whole_and_tells_nothing_of_where_it_was_taken(row):
    with Image.open(DATA / row["image"]) as picture:
        picture.load()

        assert picture.format == "WEBP"
        assert max(picture.size) <= 820
        assert not picture.getexif()
        assert not picture.info.keys() & {"exif", "xmp"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: Path(row["image"]).stem)
def test_a_picture_has_title_licence_source_and_credit(row):
    assert set(FIELDS) <= set(row) <= {*FIELDS, "note"}
    assert row["title"].strip() == row["title"] != ""
    assert row["title_zh"].strip() == row["title_zh"] != ""
    assert HAN.search(row["title_zh"])
    assert not HAN.search(row["title"])
    assert not re.fullmatch(r"[\d_]+(\.\w+)?|\w+\.(jpe?g|png|webp)", row["title"]), "a title is not a file name"
    assert row["licence_url"].startswith(LICENCES[row["licence"]])
    assert row["source"].startswith("https://")
    assert row["author"].strip() == row["author"] != ""


@pytest.mark.parametrize("row", ROWS, ids=lambda row: Path(row["image"]).stem)
def test_there_are_two_captions_or_more_in_either_language_trimmed_and_each_once(row):
    for language in ("en", "zh"):
        assert len(row[language]) >= 2
        assert all(text.strip() == text != "" for text in row[language])
        assert len(set(row[language])) == len(row[language])
    assert all(HAN.search(text) for text in row["zh"])
    assert not any(HAN.search(text) for text in row["en"])


def test_a_flickr_picture_without_an_author_is_credited_by_page_and_number():
    for row in ROWS:
        if row["image"].startswith("photos/coco-"):
            number = row["source"].removeprefix("https://www.flickr.com/photo.gne?id=")

            assert row["author"] == "see link"
            assert number.isdigit()
            assert f"Flickr photo {number}," in row["note"]


def test_the_readme_credits_every_picture(readme):
    credited = {line.split("](")[1].split(")")[0]: line for line in readme.splitlines() if line.startswith("| [")}

    for row in ROWS:
        line = credited[row["image"]]
        assert line.count("](") >= 3, f"{row['image']}: picture, licence and source are links"
        assert row["source"] in line
        assert row["licence_url"] in line
        assert line.endswith("re-encoded as WebP |" if row in PHOTOS else "none |")
        assert len(re.findall(r"(?<!\\)\|", line)) == 7, f"{row['image']}: six cells"


def test_the_readme_says_what_was_left_out_and_why(readme):
    left_out = readme.split("## Left out")[1].split("## ")[0]

    names = re.findall(r"^\| `([\w-]+)` \| .{20,} \|$", left_out, re.MULTILINE)
    assert names
    assert not {f"photos/{name}.webp" for name in names} & {row["image"] for row in ROWS}


def test_the_scenes_are_those_that_the_readme_says_how_to_draw(readme, tmp_path):
    options = re.search(r"mmsearch scenes drawn (--count \d+ --seed \d+ --side \d+)", readme)[1].split()

    command = [sys.executable, "-m", "mmsearch", "scenes", str(tmp_path), *options]
    subprocess.run(command, cwd=DATA.parent, check=True, capture_output=True)

    lines = (tmp_path / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    for row, told in zip(SCENES, map(json.loads, lines), strict=True):
        assert {key: told[key] for key in ("image", "title", "title_zh", "en", "zh")}.items() <= row.items()
        with Image.open(DATA / row["image"]) as ours, Image.open(tmp_path / told["image"]) as again:
            assert ours.size == again.size
            # Other versions of Pillow may round a few pixels otherwise.
            assert np.abs(np.asarray(ours, np.float32) - np.asarray(again, np.float32)).mean() < 1


def test_takes_at_most_30_megabytes():
    assert sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file()) <= 30 * MEGABYTE
