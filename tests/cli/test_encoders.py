"""`mmsearch encoders download` and `pair`, on the real encoders."""

import json
from pathlib import Path

import pytest

from mmsearch.models import family
from tests.cli.conftest import Run
from tests.encoders.tiny_models import save_clip, save_multilingual_texts


class FakeHub:
    def files(self, hub_id: str) -> list[str]:
        return ["config.json", "model.safetensors"]

    def fetch(self, hub_id: str, files: list[str]) -> Path:
        return Path("/cache") / hub_id


class NoHub(FakeHub):
    def files(self, hub_id: str) -> list[str]:
        raise OSError("no route to host")


def test_download_prints_the_folder_alone_on_stdout(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family, "HuggingFaceHub", FakeHub)

    done = run("encoders", "download", "clip-vit-b32")

    assert done.exit_code == 0
    assert done.stdout == f"{Path('/cache/openai/clip-vit-base-patch32')}\n"
    assert "fetching 2 files" in done.stderr


def test_download_without_network_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(family, "HuggingFaceHub", NoHub)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    done = run("encoders", "download", "clip-vit-b32")

    assert done.exit_code == 1
    assert done.stdout == ""
    assert "openai/clip-vit-base-patch32 could not be fetched" in done.stderr
    assert "--encoder /path/to/folder" in done.stderr


def test_pair_writes_a_folder_and_prints_it(run: Run, tmp_path: Path) -> None:
    save_clip(tmp_path / "clip")
    save_multilingual_texts(tmp_path / "texts")

    done = run("encoders", "pair", str(tmp_path / "clip"), str(tmp_path / "texts"), str(tmp_path / "both"))

    assert (done.exit_code, done.stdout) == (0, f"{tmp_path / 'both'}\n")
    assert json.loads((tmp_path / "both" / "router_config.json").read_text())["structure"].keys() == {"image", "text"}


def test_what_cannot_be_joined_is_told(run: Run, tmp_path: Path) -> None:
    done = run("encoders", "pair", "nobody/nothing", "nobody/nothing", str(tmp_path / "both"))

    assert done.exit_code == 1
    assert "mmsearch encoders download nobody/nothing" in done.stderr


def test_an_unknown_subcommand_is_a_slip_of_usage(run: Run) -> None:
    assert run("encoders", "dwonload").exit_code == 2
