import json
from pathlib import Path

import pytest

from tests.cli.conftest import Run


def test_json_holds_both_directions(run: Run) -> None:
    done = run("eval", "photos", "--split", "dev", "--json")

    report = json.loads(done.stdout)
    assert report["dataset"] == "photos dev"
    assert report["text_to_image"]["recall_at_1"] == 0.5
    assert report["image_to_text"]["interval_at_10"] == [0.51, 1.0]


def test_output_is_the_same_report_in_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "report.json"

    done = run("eval", "photos", "--json", "--output", str(file))

    assert json.loads(file.read_text(encoding="utf-8")) == json.loads(done.stdout)


def test_a_hostile_folder_name_does_not_reach_the_terminal(run: Run) -> None:
    assert "\x1b" not in run("eval", "a\x1b[31m\nb").stdout


@pytest.mark.parametrize("args", [(), ("photos", "--collection", "x"), ("--collection", "x", "--split", "dev")])
def test_refuses_to_guess_what_to_measure(run: Run, args: tuple[str, ...]) -> None:
    assert run("eval", *args).exit_code == 2


def test_a_report_that_cannot_be_written_is_an_error(run: Run, tmp_path: Path) -> None:
    done = run("eval", "photos", "--output", str(tmp_path / "gone" / "report.json"))

    assert done.exit_code == 1
    assert "cannot be written" in done.stderr
