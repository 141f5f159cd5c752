"""The command line on the real engine, with the encoder that reads colours."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mmsearch.cli.main import cli
from mmsearch.engine import Engine, Settings
from mmsearch.engine.samples import Samples
from tests.cli.conftest import Run
from tests.encoders.fakes import KeywordEncoder, colour_picture


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return what runs `mmsearch` on an engine of its own each time, all with one home and no bundled collection."""

    def open_engine() -> Engine:
        return Engine(Settings(home=tmp_path / "home"), Samples(tmp_path / "no", tmp_path / "no"), load)

    def load(name: str) -> KeywordEncoder:
        return KeywordEncoder(name)

    def invoke(*args: str):
        return CliRunner().invoke(cli, args, obj=open_engine, prog_name="mmsearch", catch_exceptions=False)

    return invoke


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in ("red", "green", "blue"):
        colour_picture(colour).save(folder / f"{colour}.png")
        (folder / f"{colour}.txt").write_text(f"a {colour} wall", encoding="utf-8")
    (folder / "zero.jpg").write_bytes(b"")
    return folder


def test_from_folder_to_hits(run: Run, photos: Path) -> None:
    indexed = run("index", str(photos))

    found = run("search", "red", "-k", "1")

    assert indexed.exit_code == 0
    assert "  files: 3 added, 0 changed, 0 moved, 0 removed, 0 unchanged\n" in indexed.stdout
    assert "    1 × is empty (0 bytes): such as zero.jpg\n" in indexed.stdout
    assert found.stdout == f"1   1.000  {photos / 'red.png'}  — a red wall\n"
    assert found.stderr.startswith("1 hit · score: cosine · encoder bundled · collection library · ")


def test_a_picture_finds_its_caption(run: Run, photos: Path) -> None:
    run("index", str(photos))

    found = run("search", "--image", str(photos / "blue.png"), "--target", "text", "-k", "1", "--json")

    assert json.loads(found.stdout)["text"]["text"] == "a blue wall"


def test_info_counts_what_is_there(run: Run, photos: Path) -> None:
    run("index", str(photos), "--collection", "walls")

    record = json.loads(run("info", "--json").stdout)

    assert record["collection"]["name"] == "walls"
    assert record["collection"]["vectors"] == {"bundled": [3, 3]}
    assert [each["skips"][0]["path"] for each in record["runs"]] == ["zero.jpg"]


@pytest.mark.parametrize("by", ["folder", "collection"])
def test_eval_finds_every_caption(run: Run, photos: Path, by: str) -> None:
    run("index", str(photos))

    done = run("eval", *([str(photos)] if by == "folder" else ["--collection", "library"]), "--json")

    report = json.loads(done.stdout)
    assert (report["pictures"], report["texts"]) == (3, 3)
    assert report["text_to_image"]["recall_at_1"] == 1.0
    assert report["image_to_text"]["map_at_r"] == 1.0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such file names")
def test_hostile_file_names_stay_on_their_line_and_exact_in_json(run: Run, photos: Path) -> None:
    hostile = photos / 'x"\n\x1b[31m<script>.png'
    (photos / "red.png").rename(hostile)
    run("index", str(photos))

    text, record = run("search", "red", "-k", "1").stdout, json.loads(run("search", "red", "-k", "1", "--json").stdout)

    assert text.count("\n") == 1
    assert "\x1b" not in text
    assert record["item"]["path"] == str(hostile)


def test_a_missing_folder_and_a_collection_of_nothing_are_told_plainly(run: Run, tmp_path: Path) -> None:
    assert run("index", str(tmp_path / "gone")).exit_code == 1
    assert run("search", "red", "--collection", "gone").stderr.startswith("Error: No collection is called 'gone'.")
