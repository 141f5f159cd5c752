"""The list of threats and the tests agree."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
NAMED = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", PAGE)
ROWS = [line for line in PAGE.split("## The threats")[1].splitlines() if line.startswith("| ") and "---" not in line]


def names_in(path):
    """Return the names of the tests of a module, those of classes too."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_every_test_that_the_list_names_is_there(path, name):
    assert (ROOT / path).is_file()
    assert name in names_in(path)


@pytest.mark.parametrize("row", [row for row in ROWS if not row.startswith("| threat |")])
def test_every_threat_has_a_test(row):
    threat, done, tests = (cell.strip() for cell in row.strip("|").split(" | "))

    assert threat
    assert done
    assert re.search(r"`tests/[\w/]+\.py::\w+`", tests)


@pytest.mark.parametrize("path", sorted(path.name for path in Path(__file__).parent.glob("test_*.py")))
def test_every_test_here_is_in_the_list(path):
    named = {name for file, name in NAMED if file == f"tests/security/{path}"}

    assert path == "test_threats.py" or names_in(f"tests/security/{path}") == named
