"""Removing, and a second encoder, on the real engine."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mmsearch.cli.main import cli
from mmsearch.engine import Engine, Settings
from mmsearch.engine.samples import Samples
from tests.cli.conftest import Run
from tests.encoders.fakes import colour_picture
from tests.engine.conftest import load_fake


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return what runs `mmsearch` on an engine of its own each time, all with one home and no bundled collection."""

    def open_engine() -> Engine:
        return Engine(Settings(home=tmp_path / "home"), Samples(tmp_path / "no", tmp_path / "no"), load_fake)

    def invoke(*args: str):
        return CliRunner().invoke(cli, args, obj=open_engine, prog_name="mmsearch")

    return invoke


@pytest.fixture
def photos(tmp_path: Path, run: Run) -> Path:
    """Two pictures, one with a caption, indexed."""
    folder = tmp_path / "photos"
    folder.mkdir()
    for colour in ("red", "green"):
        colour_picture(colour).save(folder / f"{colour}.png")
    (folder / "red.txt").write_text("a red wall")
    run("index", str(folder))
    return folder


def test_a_collection_is_forgotten_and_its_files_stay(run: Run, photos: Path) -> None:
    done = run("remove", "library", "--yes")

    assert done.exit_code == 0
    assert done.stdout.startswith("Removed 2 pictures, 1 texts and 3 vectors; ")
    assert "Your own files are not touched" in done.stdout
    assert len(list(photos.iterdir())) == 3
    assert run("info", "--json").stdout == ""


def test_a_source_is_forgotten(run: Run, photos: Path) -> None:
    done = run("remove", "library", "--source", str(photos), "--yes", "--json")

    removed = json.loads(done.stdout)
    assert (removed["pictures"], removed["texts"], removed["vectors"]) == (2, 1, 3)
    assert removed["bytes_freed"] >= 0


@pytest.mark.parametrize("what", [("remove", "library"), ("encoders", "remove", "other")])
def test_a_script_must_say_yes(run: Run, photos: Path, what: tuple[str, ...]) -> None:
    done = run(*what)

    assert done.exit_code == 2
    assert "Say so with --yes" in done.stderr
    assert json.loads(run("info", "--json").stdout)["collection"]["pictures"] == 2


def test_on_a_terminal_one_is_asked(run: Run, photos: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("mmsearch.cli.removing.on_a_terminal", lambda: True)
    monkeypatch.setattr("click.confirm", lambda question, **_: asked.append(question))

    assert run("remove", "library").exit_code == 0
    assert asked == ["Forget the collection library?"]


def test_what_is_not_there_is_an_error(run: Run, photos: Path) -> None:
    assert run("remove", "librari", "--yes").stderr.startswith("Error: No collection is called 'librari'.")
    assert run("remove", "library", "--source", "nowhere", "--yes").exit_code == 1


def test_a_second_encoder_is_built_used_and_removed(run: Run, photos: Path) -> None:
    built = run("encoders", "build", "other", "--collection", "library")
    used = run("encoders", "use", "other", "--collection", "library")
    found = run("search", "red", "-k", "1")
    refused = run("encoders", "remove", "other", "--collection", "library", "--yes")
    removed = run("encoders", "remove", "bundled", "--collection", "library", "--yes")

    assert built.stdout.splitlines()[1] == "  encoded with other: 2 pictures, 1 texts"
    assert used.stdout == "library is searched by other.\n"
    assert "encoder other" in found.stderr
    assert refused.exit_code == 1
    assert "mmsearch encoders use" in refused.stderr
    assert removed.stdout.startswith("Removed 0 pictures, 0 texts and 3 vectors; ")
    assert "  vectors of other (searches it): 2 of pictures, 1 of texts\n" in run("info").stdout


def test_an_encoder_that_has_not_read_the_collection_cannot_be_used(run: Run, photos: Path) -> None:
    done = run("encoders", "use", "other")

    assert done.exit_code == 1
    assert "mmsearch encoders build other --collection library" in done.stderr
