"""The README keeps its word. `pytest --regenerate-golden` writes its figures anew."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from PIL import Image

from tests.conftest import GoldenCheck
from tests.docs import figures
from tests.docs.blocks import code_blocks, with_block

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
FIRST = "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt && .venv/bin/python app.py"
SECOND = (
    "python3 -m venv .venv && .venv/bin/pip install -r requirements.txt -e '.[dev]' && .venv/bin/python tests/check.py"
)


@pytest.fixture(scope="module")
def readme() -> str:
    return README.read_text(encoding="utf-8")


def requirements(name: str) -> dict[str, Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").split()
    return {requirement.name: requirement for requirement in map(Requirement, lines)}


def test_holds_the_two_lines_each_ready_to_paste(readme: str) -> None:
    assert f"\n```sh\n{FIRST}\n```\n" in readme
    assert f"\n```sh\n{SECOND}\n```\n" in readme


def test_ci_runs_the_second_line_as_the_readme_has_it(readme: str) -> None:
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    found = re.search(r"^line=\$\((grep .*) README\.md\)$", script, re.MULTILINE)

    assert found
    assert 'bash -c "$line"' in script
    line = subprocess.run(f"{found[1]} {README}", shell=True, capture_output=True, text=True, check=True).stdout  # noqa: S602
    assert line == f"{SECOND}\n"


def test_the_python_example_is_five_lines_and_runs_on_a_folder(readme: str, tmp_path: Path) -> None:
    (code,) = code_blocks(readme, "python")
    pictures = tmp_path / "Pictures"
    pictures.mkdir()
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (320, 240), colour).save(pictures / f"{colour}.png")
    env = {**os.environ, "HOME": str(tmp_path), "MMSEARCH_HOME": str(tmp_path / "home"), "PYTHONPATH": str(ROOT)}

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=env, capture_output=True, text=True, check=False
    )

    assert len([line for line in code.splitlines() if line]) == 5
    assert done.returncode == 0, done.stderr
    rows = [line.split() for line in done.stdout.splitlines()]
    assert [row[0] for row in rows] == ["1", "2", "3"]
    assert {Path(row[2]).name for row in rows} == {"red.png", "green.png", "blue.png"}
    scores = [float(row[1]) for row in rows]
    assert scores == sorted(scores, reverse=True)


def test_every_figure_comes_from_a_benchmark(readme: str, same_as_golden: GoldenCheck) -> None:
    text = with_block(readme, "downloads", figures.downloads())

    same_as_golden(README, with_block(text, "results", figures.results()))


def test_counts_the_bundled_pictures(readme: str) -> None:
    lines = (ROOT / "data" / "captions.jsonl").read_text(encoding="utf-8").splitlines()
    photographs = sum(json.loads(line)["image"].startswith("photos/") for line in lines)

    assert f"so do {photographs} photographs and {len(lines) - photographs} drawn scenes" in readme


def test_the_front_matter_is_one_that_a_space_understands(readme: str) -> None:
    front = dict(line.split(": ", 1) for line in readme.split("---\n")[1].splitlines())

    assert front["sdk"] == "gradio"
    assert front["app_file"] == "app.py"
    assert (ROOT / front["app_file"]).is_file()
    assert front["license"] == "apache-2.0"
    assert len(front["short_description"]) <= 60
    assert requirements("requirements.txt")["gradio"].specifier.contains(front["sdk_version"])


def test_zerogpu_differs_in_the_cap_on_torch_alone() -> None:
    usual, capped = requirements("requirements.txt"), requirements("requirements-zerogpu.txt")

    assert capped.pop("torch").specifier.contains("2.11.0")
    assert str(usual.pop("torch").specifier) == "<2.14,>=2.8"
    assert {name: str(each) for name, each in usual.items()} == {name: str(each) for name, each in capped.items()}


def test_nothing_asks_for_torchvision() -> None:
    for name in ("requirements.txt", "requirements-zerogpu.txt", "pyproject.toml"):
        assert "torchvision" not in (ROOT / name).read_text(encoding="utf-8")
