import json
from pathlib import Path

from PIL import Image

from tests.cli.conftest import Run


def test_draws_pictures_with_captions_that_can_be_indexed(run: Run, tmp_path: Path) -> None:
    done = run("scenes", str(tmp_path / "drawn"), "--count", "4", "--seed", "2", "--side", "64")

    rows = [json.loads(line) for line in (tmp_path / "drawn" / "captions.jsonl").read_text("utf-8").splitlines()]
    assert done.exit_code == 0, done.output
    assert done.stdout == f"4 scenes in {tmp_path / 'drawn'}\n"
    assert [row["image"] for row in rows] == [f"scenes/0000{at}.webp" for at in range(4)]
    assert all(len(row["en"]) == len(row["zh"]) == 3 and row["title"] and row["title_zh"] for row in rows)
    with Image.open(tmp_path / "drawn" / rows[0]["image"]) as picture:
        assert picture.size == (64, 64)


def test_the_same_seed_writes_the_same_bytes(run: Run, tmp_path: Path) -> None:
    for name in ("one", "two"):
        run("scenes", str(tmp_path / name), "--count", "3", "--seed", "9", "--side", "64", "--foils")

    for path in (tmp_path / "one").rglob("*.*"):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes()


def test_adds_foils_in_both_languages(run: Run, tmp_path: Path) -> None:
    run("scenes", str(tmp_path), "--count", "3", "--side", "64", "--foils", "--held-out", "seen")

    row = json.loads((tmp_path / "captions.jsonl").read_text("utf-8").splitlines()[0])
    assert {foil["language"] for foil in row["foils"]} == {"en", "zh"}
    assert all(foil["caption"] != foil["foil"] for foil in row["foils"])


def test_says_where_it_cannot_write(run: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")

    done = run("scenes", str(tmp_path / "file" / "below"), "--count", "1")

    assert done.exit_code == 1
    assert "cannot be written to" in done.stderr
