import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from mmsearch.cli.main import cli
from tests.cli.conftest import Run
from tests.cli.fakes import HOSTILE


def test_a_hit_is_a_line_and_the_meaning_of_its_score_is_not_among_them(run: Run) -> None:
    done = run("search", "a cat on a sofa", "-k", "1")

    assert done.stdout == "1   1.000  /photos/cat.jpg  — a cat on a sofa\n"
    assert done.stderr == "1 hit · score: cosine · encoder tiny · collection library · 12 ms\n"
    assert done.exit_code == 0


def test_paths_below_the_working_folder_are_short(run: Run, engine, monkeypatch) -> None:
    monkeypatch.setattr(Path, "cwd", lambda: Path("/photos"))

    assert "  cat.jpg  " in run("search", "cat", "-k", "1").stdout


def test_reads_queries_from_stdin_and_says_which_is_which(run: Run) -> None:
    done = run("search", "-", "-k", "1", stdin="cat\n\n dog \n")

    assert done.stdout.splitlines()[::2] == ["# cat", "# dog"]
    assert len(done.stdout.splitlines()) == 4


def test_json_is_one_exact_object_per_hit(run: Run) -> None:
    done = run("search", "-", "--json", stdin="cat\ndog\n")

    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(record["query"], record["rank"]) for record in records] == [
        (query, rank) for query in ("cat", "dog") for rank in (1, 2, 3, 4)
    ]
    assert records[0]["score"] == 1.0
    assert records[0]["measure"] == "cosine"
    assert records[0]["encoder"] == "tiny"
    assert records[0]["item"]["path"] == "/photos/cat.jpg"
    assert any(record["item"]["path"] == f"/photos/{HOSTILE}" for record in records)


def test_a_hostile_name_or_caption_stays_on_its_line(run: Run) -> None:
    done = run("search", "trap")

    assert len(done.stdout.splitlines()) == 4
    assert "\x1b" not in done.stdout
    assert "\x07" not in done.stdout
    assert r'/photos/x"\n\x1b[31m<script>.jpg' in done.stdout


def test_a_picture_needs_no_words(run: Run, engine) -> None:
    run("search", "--image", "dog.jpg", "--target", "text")

    assert engine.calls == [{"text": None, "image": Path("dog.jpg"), "target": "text", "k": 10}]


def test_words_and_a_picture_go_together(run: Run, engine) -> None:
    run("search", "at night", "--image", "dog.jpg")

    assert engine.calls[0]["text"] == "at night"
    assert engine.calls[0]["image"] == Path("dog.jpg")


def test_a_second_opinion_puts_the_probability_first_where_there_is_one(run: Run) -> None:
    done = run("search", "--rerank", "a cat on a sofa", "-k", "3")

    first, second, third = done.stdout.splitlines()
    assert first.startswith("1    90 %  ")
    assert second.startswith("2    40 %   1.000  /photos/cat.jpg")
    assert third.startswith("3           0.250  ")
    assert "2 judged by re-ranker judge" in done.stderr
    assert "It is slow today.\n" in done.stderr


def test_finding_all_counts_and_groups(run: Run) -> None:
    done = run("search", "--find", "all", "--at-least", "0.3", "a cat on a sofa")

    assert done.stdout.splitlines()[::2] == ["# 50% and more", "# 20% to 50%"]
    assert "2 judged by re-ranker judge · 2 match ·" in done.stderr


def test_finding_one_is_a_second_opinion(run: Run) -> None:
    asked = ("a cat on a sofa", "-k", "3")

    assert run("search", "--find", "one", *asked).stdout == run("search", "--rerank", *asked).stdout


def test_says_that_nothing_matches_and_shows_what_comes_closest(run: Run) -> None:
    done = run("search", "--rerank", "nonsense", "-k", "2")

    assert "Nothing here matches. What comes closest:\n" in done.stderr
    assert len(done.stdout.splitlines()) == 2


def test_naming_a_re_ranker_asks_it(run: Run) -> None:
    assert "2 judged by re-ranker blip-coco" in run("search", "--reranker", "blip-coco", "cat", "-k", "3").stderr
    assert "judged" not in run("search", "cat").stderr


def test_json_tells_the_probability_and_where_a_hit_was_found(run: Run) -> None:
    records = [json.loads(line) for line in run("search", "--rerank", "cat", "-k", "3", "--json").stdout.splitlines()]

    assert [record["probability"] for record in records] == [0.9, 0.4, None]
    assert [record["found_at"] for record in records] == [2, 1, 3]


def test_a_text_hit_shows_the_text_that_matched(run: Run) -> None:
    assert "海滩上的狗" in run("search", "海滩上的狗", "--target", "text", "-k", "1").stdout


@pytest.mark.parametrize(("no_colour", "styled"), [(None, True), ("1", False)])
def test_a_terminal_gets_bold_paths_unless_it_wants_none(engine, no_colour: str | None, styled: bool) -> None:
    done = CliRunner().invoke(cli, ["search", "cat"], obj=lambda: engine, color=True, env={"NO_COLOR": no_colour})

    assert ("\x1b[1m/photos/cat.jpg\x1b[0m" in done.stdout) is styled
