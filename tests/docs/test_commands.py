"""Every command that a page shows is one that the command line understands."""

import re
import shlex
from pathlib import Path

import click
import pytest

from mmsearch.cli.main import cli

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
COMMAND = re.compile(r"^ *(?:[\d*]+ .*?  |[A-Z_]+=\S+ )?(?:\.venv/bin/)?(mmsearch [a-z].*)$", re.MULTILINE)


def commands(page: Path) -> list[str]:
    """Return the commands in the code blocks of a page, without comments and redirections."""
    blocks = re.findall(r"^```(?:sh|bash)?\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    found = (command for block in blocks for command in COMMAND.findall(block))
    return [re.split(r" (?:2?>>?|<|\||#) ?", command)[0] for command in found if "[" not in command]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_the_command_line_understands_what_the_page_shows(page: Path) -> None:
    for command in commands(page):
        name, *arguments = shlex.split(command)[1:]
        context = click.Context(cli, info_name="mmsearch")
        subcommand = cli.get_command(context, name)
        assert subcommand is not None, command
        subcommand.make_context(name, arguments, parent=context)


def test_finds_the_commands_of_the_readme() -> None:
    assert "mmsearch search - --json" in commands(ROOT / "README.md")
