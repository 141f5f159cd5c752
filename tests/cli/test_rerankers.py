"""`mmsearch rerankers` and its download, and every kind of re-ranker on the real engine."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from mmsearch.cli.main import cli
from mmsearch.models import family
from mmsearch.rerankers.presets import RERANKERS
from tests.cli.conftest import Run
from tests.cli.test_encoders import FakeHub, NoHub
from tests.rerankers.tiny_blip import save_blip, save_blip2
from tests.rerankers.tiny_cross_encoders import save_bge, save_llava, save_minilm, save_qwen

PICTURES = [save_blip, save_blip2, save_llava, save_qwen]
TEXTS = [save_minilm, save_bge]
Real = Callable[..., Result]


@pytest.fixture
def real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Real:
    """Return a runner of the command line with an engine of its own, which found two red pictures."""
    monkeypatch.setenv("MMSEARCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MMSEARCH_DEVICE", "cpu")
    monkeypatch.setenv("MMSEARCH_RERANK_SECONDS", "600")
    (tmp_path / "photos").mkdir()
    for name, colour in (("red", (250, 0, 0)), ("dark", (90, 0, 0))):
        Image.new("RGB", (64, 48), colour).save(tmp_path / "photos" / f"{name}.png")
    (tmp_path / "photos" / "red.txt").write_text("a red dog")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli, arguments)

    assert run("index", str(tmp_path / "photos")).exit_code == 0
    return run


def test_lists_every_re_ranker_and_what_it_reads(run: Run) -> None:
    done = run("rerankers")

    assert done.exit_code == 0
    lines = {line.split()[0]: line for line in done.stdout.splitlines()}
    assert RERANKERS.keys() < lines.keys()
    assert " yes " in lines["bundled"]
    assert " text " in lines["minilm"]
    records = [json.loads(line) for line in run("rerankers", "--json").stdout.splitlines()]
    assert [(each["name"], each["reads"]) for each in records] == [(n, str(s.reads)) for n, s in RERANKERS.items()]


def test_download_prints_the_folder_alone_on_stdout(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(family, "HuggingFaceHub", FakeHub)

    done = run("rerankers", "download", "blip-coco")

    assert (done.exit_code, done.stdout) == (0, f"{Path('/cache/Salesforce/blip-itm-base-coco')}\n")


def test_download_without_network_says_what_to_do(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(family, "HuggingFaceHub", NoHub)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))

    done = run("rerankers", "download", "some/matcher")

    assert done.exit_code == 1
    assert "some/matcher could not be fetched" in done.stderr
    assert "mmsearch rerankers download some/matcher" in done.stderr


@pytest.mark.parametrize("save", PICTURES)
def test_a_re_ranker_of_pictures_judges_all_hits(real: Real, save: Callable[[Path], object], tmp_path: Path) -> None:
    save(tmp_path / "model")

    done = real("search", "a red dog", "--reranker", str(tmp_path / "model"), "--json")

    assert "2 judged by re-ranker" in done.stderr
    assert all(0 < json.loads(line)["probability"] < 1 for line in done.stdout.splitlines())


@pytest.mark.parametrize("save", TEXTS)
def test_a_re_ranker_of_captions_says_what_it_could_not_read(
    real: Real, save: Callable[[Path], object], tmp_path: Path
) -> None:
    save(tmp_path / "model")

    done = real("search", "a red dog", "--reranker", str(tmp_path / "model"), "--json")

    first, second = (json.loads(line) for line in done.stdout.splitlines())
    assert Path(first["item"]["path"]).name == "red.png"
    assert 0 < first["probability"] < 1
    assert second["probability"] is None
    assert "1 of 2 hits have no captions for the re-ranker" in done.stderr


def test_a_re_ranker_of_captions_cannot_judge_for_a_picture(real: Real, tmp_path: Path) -> None:
    save_minilm(tmp_path / "model")
    asked = ("--image", str(tmp_path / "photos" / "red.png"), "--target", "text")

    done = real("search", *asked, "--reranker", str(tmp_path / "model"), "--json")

    assert done.exit_code == 0
    assert "reads captions, not pictures" in done.stderr
    assert json.loads(done.stdout)["probability"] is None


def test_a_hub_id_that_is_not_here_leaves_the_encoders_answer(
    real: Real, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))

    done = real("search", "a red dog", "--reranker", "Salesforce/blip-itm-base-coco")

    assert done.exit_code == 0
    assert "mmsearch rerankers download Salesforce/blip-itm-base-coco" in done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_the_suite_takes_re_rankers_that_read_pictures(real: Real, tmp_path: Path) -> None:
    save_llava(tmp_path / "llava")
    save_minilm(tmp_path / "minilm")
    sizes = ("--suite", "compose", "--count", "1", "--scenes", "2")

    seen = real("eval", *sizes, "--reranker", str(tmp_path / "llava"))
    read = real("eval", *sizes, "--reranker", str(tmp_path / "minilm"))

    assert (seen.exit_code, read.exit_code) == (0, 1)
    assert "re-ranker" in seen.stdout
    assert "reads captions, not pictures. Use one that reads pictures" in read.stderr
