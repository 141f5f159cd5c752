import json
from pathlib import Path

import pytest

from mmsearch.cli.compose import SuiteOptions, run_suite, suite_lines
from tests.cli.conftest import Run
from tests.encoders.fakes import KeywordEncoder
from tests.evaluation.fakes import ReranksByPlaces


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


@pytest.fixture
def keywords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every encoder be the one that reads colours."""
    monkeypatch.setattr("mmsearch.encoders.registry.load_encoder", lambda name, *, device: KeywordEncoder(name))


@pytest.mark.usefixtures("keywords")
def test_the_suite_shows_every_kind_and_the_worst(run: Run) -> None:
    done = run("eval", "--suite", "compose", "--count", "1", "--scenes", "4", "--encoder", "mine")

    assert done.exit_code == 0, done.output
    lines = done.stdout.splitlines()
    assert lines[0] == "encoder mine: true caption above its foil, %; chance 50; 95 % in brackets"
    assert lines[2].split() == ["en", "seen", "en", "held-out", "zh", "seen", "zh", "held-out", "all"]
    names = [line.split()[0] for line in lines[3:11]]
    assert names == ["object", "colour", "count", "relation", "attributes", "swapped", "negation", "all"]
    assert lines[11].startswith("worst kind: ")
    assert [line.split()[:2] for line in lines[16:18]] == [["full", "en"], ["full", "zh"]]


@pytest.mark.usefixtures("keywords")
def test_the_suite_in_json_and_in_a_file(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "suite.json"

    done = run("eval", "--suite", "compose", "--count", "1", "--scenes", "3", "--json", "--output", str(file))

    record = json.loads(done.stdout)
    assert record == json.loads(file.read_text(encoding="utf-8"))
    assert record["suite"] == "compose"
    assert len(record["pairs"][0]["accuracies"]) == 28
    assert record["pairs"][0]["worst"]["accuracy"] == 0.0  # nothing is known of counts
    assert record["pairs"][0]["worst"]["pairs"] == 4  # two languages, two splits
    assert [each["detail"] for each in record["retrieval"]] == ["full", "full", "some", "some", "short", "short"]
    assert record["retrieval"][0]["encoder"]["text_to_image"]["queries"] == 3


def test_a_reranker_gets_its_own_table_and_columns() -> None:
    options = SuiteOptions(encoder=None, reranker="judge", count=1, scenes=3, seed=None)

    result = run_suite(KeywordEncoder("mine"), ReranksByPlaces({}), options)

    lines = list(suite_lines(result))
    assert sum("true caption above its foil" in line for line in lines) == 2
    assert any(line.startswith("re-ranker judge: ") for line in lines)
    assert any("R@1 after re-ranking 3" in line for line in lines)


@pytest.mark.parametrize(
    "args",
    [
        ("photos", "--suite", "compose"),
        ("--suite", "compose", "--language", "en"),
        ("photos", "--reranker", "bundled"),
        ("photos", "--count", "3"),
        ("--suite", "other"),
    ],
)
def test_options_of_the_suite_go_with_the_suite(run: Run, args: tuple[str, ...]) -> None:
    assert run("eval", *args).exit_code == 2
