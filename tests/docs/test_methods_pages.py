"""The pages on methods say the same in both languages, and what they say runs. `pytest --regenerate-golden` writes
their figures anew."""

import json
import re
from pathlib import Path

import click
import pytest

from benchmarks import alignment_pages
from benchmarks.alignment_pages import FENCE, PAGES, figures, filled, language_of
from mmsearch.alignment.registry import ALIGNERS
from mmsearch.cli.main import cli
from tests.conftest import GoldenCheck
from tests.docs.blocks import code_blocks

ROOT = PAGES.parents[1]
ENGLISH = sorted(page for page in PAGES.glob("*.md") if not page.name.endswith(".zh.md"))
ALL = sorted(PAGES.glob("*.md"))
SECTIONS = [
    ("Idea", "思想"),
    ("Formula", "公式"),
    ("Where example code goes wrong", "示例代码常见的错误"),
    ("When to use it", "何时使用"),
    ("What it costs", "代价"),
    ("Example", "示例"),
    ("Figures", "实测结果"),
    ("Papers", "论文"),
]
BLOCK = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
BEFORE, AFTER = " (", " .,;:)"  # what GitHub takes beside a formula for sure; full-width punctuation it does not
RISKY = re.compile(r"\\[^A-Za-z]|[^\w\\]_|[*<>|]|\]\(")  # what Markdown may eat before the formula is set


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def twin(page: Path) -> Path:
    return page.with_name(page.name.replace(".md", ".zh.md"))


def prose(page: Path) -> str:
    """Return a page without blocks and code."""
    return re.sub(r"`[^`\n]+`", "code", BLOCK.sub("", text_of(page)))


def inline_formulas(page: Path) -> list[tuple[str, str, str]]:
    """Return what stands before, in and after the dollars of a page; a line begins and ends with a space."""
    lines = (f" {line} " for line in prose(page).splitlines())
    return [(found[1], found[2], found[3]) for line in lines for found in re.finditer(r"(.)\$([^$]+)\$(?=(.))", line)]


def headings(page: Path) -> list[str]:
    return re.findall(r"^(#+) ", BLOCK.sub("", text_of(page)), re.MULTILINE)


def names(pages: list[Path]) -> list[str]:
    return [page.name for page in pages]


@pytest.mark.parametrize("page", ENGLISH, ids=names(ENGLISH))
def test_the_example_runs(page: Path) -> None:
    examples = code_blocks(text_of(page), "python")

    assert examples
    for example in examples:
        exec(compile(example, page.name, "exec"), {"__name__": "example"})  # noqa: S102 -- our own pages


@pytest.mark.parametrize("page", ENGLISH, ids=names(ENGLISH))
def test_both_languages_say_the_same(page: Path) -> None:
    other = twin(page)

    for of in (headings, lambda page: code_blocks(text_of(page), "(?:python|math)")):
        assert of(page) == of(other)
    assert {formula for _, formula, _ in inline_formulas(page)} == {formula for _, formula, _ in inline_formulas(other)}
    for pattern in (r"\]\((https?://[^)\s]+)\)", r"`(mmsearch[^`\n]*)`", r"<!-- .* -->"):
        assert sorted(re.findall(pattern, text_of(page))) == sorted(re.findall(pattern, text_of(other)))
    rows = [len(re.findall(r"^\|", text_of(each), re.MULTILINE)) for each in (page, other)]
    assert rows[0] == rows[1]
    assert f"[中文]({other.name})" in text_of(page)
    assert f"[English]({page.name})" in text_of(other)


@pytest.mark.parametrize("page", [page for page in ALL if not page.name.startswith("README")], ids=lambda p: p.name)
def test_a_page_has_its_sections_in_order(page: Path) -> None:
    found = re.findall(r"^## (.+)$", BLOCK.sub("", text_of(page)), re.MULTILINE)

    assert found == [section[language_of(page) == "zh"] for section in SECTIONS]


@pytest.mark.parametrize("page", ALL, ids=names(ALL))
def test_formulas_are_such_as_github_sets(page: Path) -> None:
    for line in prose(page).splitlines():
        assert line.count("$") % 2 == 0, line
    for before, formula, after in inline_formulas(page):
        assert before in BEFORE, f"{before}${formula}$"
        assert after in AFTER, f"${formula}${after}"
        assert not RISKY.search(formula), formula
        assert formula == formula.strip()
    for block in code_blocks(text_of(page), "math"):
        assert block.count("{") == block.count("}"), block
        assert len(re.findall(r"\\left\b", block)) == len(re.findall(r"\\right\b", block)), block
        assert "operatorname" not in block  # GitHub refuses it


@pytest.mark.parametrize("page", ALL, ids=names(ALL))
def test_emphasis_ends_where_markdown_sees_it(page: Path) -> None:
    # Stars between punctuation and a letter end nothing, and Chinese has no space that would set them apart.
    for part in re.split(r"\n(?:\n|(?=[*|#]))", prose(page)):
        line = " ".join(part.split())
        stars = list(re.finditer(r"(?<=\S)\*+|\*+(?=\S)", line))
        assert len(stars) % 2 == 0, line
        for end in stars[1::2]:
            assert line[end.start() - 1].isalnum() or not line[end.end() : end.end() + 1].isalnum(), line


@pytest.mark.parametrize("page", ALL, ids=names(ALL))
def test_names_modules_and_methods_that_are_there(page: Path) -> None:
    for path in re.findall(r"`((?:mmsearch|benchmarks)/[\w/]+\.\w+)`", text_of(page)):
        assert (ROOT / path).is_file(), path
    for method in re.findall(r"mmsearch align --method ([a-z-]+)", text_of(page)):
        assert method in ALIGNERS


@pytest.mark.parametrize("page", ALL, ids=names(ALL))
def test_the_command_line_understands_what_a_page_says(page: Path) -> None:
    parent = click.Context(cli, info_name="mmsearch")
    for command in re.findall(r"`mmsearch ([a-z][^`\n]*)`", text_of(page)):
        name, *options = command.split()
        found = cli.get_command(parent, name)
        assert found is not None, command
        known = {option for parameter in found.params for option in parameter.opts}
        assert {option for option in options if option.startswith("--")} <= known, command


def test_every_learner_has_a_page() -> None:
    said = "".join(text_of(page) for page in ENGLISH)

    for name in ALIGNERS:
        assert f"`{name}`" in said, name


@pytest.mark.parametrize("page", ALL, ids=names(ALL))
def test_figures_are_those_of_the_benchmarks(page: Path, same_as_golden: GoldenCheck) -> None:
    assert len(FENCE.findall(text_of(page))) == 1

    same_as_golden(page, filled(text_of(page), language_of(page)))


def test_a_table_of_figures_by_hand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mean = {
        "seconds": 0.254,
        "text_to_image": {"R@1": 1.23, "R@5": 20.0, "R@10": 30.06},
        "image_to_text": {"R@1": 2.0, "R@5": 3.0, "R@10": 4.0},
    }
    learners = {name: {"mean": mean, "runs": [{}, {}]} for name in ("deep-cca", "deep-cca, random start", "cca")}
    (tmp_path / "alignment.json").write_text(json.dumps({"result": {"flickr8k": learners}}), encoding="utf-8")
    monkeypatch.setattr(alignment_pages, "RESULTS", tmp_path)

    found = {language: figures("deep-cca", language).splitlines() for language in ("en", "zh")}

    for lines in found.values():
        assert lines[5:7] == [
            "| `deep-cca` | 1.2 / 20.0 / 30.1 | 2.0 / 3.0 / 4.0 | 0.25 | 2 |",
            "| `deep-cca, random start` | 1.2 / 20.0 / 30.1 | 2.0 / 3.0 / 4.0 | 0.25 | 2 |",
        ]
        assert not any("`cca`" in line for line in lines)
    assert "Not measured yet." in figures("graph", "en")
    assert "尚未测量。" in figures("pretraining", "zh")
