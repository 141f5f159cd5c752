"""docs/cli.md says what `--help` says. `pytest --regenerate-golden` writes it anew."""

import dataclasses
from pathlib import Path

import click

from mmsearch.cli.main import COMMANDS, cli
from tests.conftest import GoldenCheck
from tests.docs.blocks import with_block

PAGE = Path(__file__).resolve().parents[2] / "docs" / "cli.md"
WIDTH = 100  # columns of the help texts


def reference() -> str:
    """Return the help of `mmsearch` and of each command, as Markdown."""
    parent = click.Context(cli, info_name="mmsearch", **cli.context_settings, terminal_width=WIDTH)
    parts = [_section("mmsearch", cli.get_help(parent))]
    for name in COMMANDS:
        command = cli.get_command(parent, name)
        assert command is not None
        context = click.Context(command, info_name=name, parent=parent, terminal_width=WIDTH)
        parts.append(_section(f"mmsearch {name}", command.get_help(context)))
        if isinstance(command, click.Group):
            for sub in command.list_commands(context):
                below = click.Context(command.commands[sub], info_name=sub, parent=context, terminal_width=WIDTH)
                parts.append(_section(f"mmsearch {name} {sub}", command.commands[sub].get_help(below)))
    return "\n".join(parts) + "\n"


def _section(title: str, text: str) -> str:
    return f"### {title}\n\n```\n{text}\n```\n"


def test_the_page_is_what_help_says(same_as_golden: GoldenCheck) -> None:
    page = PAGE.read_text(encoding="utf-8")

    same_as_golden(PAGE, with_block(page, "help", "\n" + reference()))


def test_every_command_and_option_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    context = click.Context(cli, info_name="mmsearch")

    for name in COMMANDS:
        command = cli.get_command(context, name)
        assert command is not None
        assert f"### mmsearch {name}\n" in page
        for param in command.params:
            for spelling in param.opts if isinstance(param, click.Option) else []:
                assert spelling in page.split(f"### mmsearch {name}\n")[1].split("###")[0], f"{name} {spelling}"


def test_every_setting_is_on_the_page() -> None:
    from mmsearch.engine.settings import Settings

    page = PAGE.read_text(encoding="utf-8")

    for setting in dataclasses.fields(Settings):
        assert f"| `MMSEARCH_{setting.name.upper()}` |" in page, setting.name


def test_every_encoder_is_documented() -> None:
    from mmsearch.encoders.registry import ENCODERS

    pages = "".join(page.read_text(encoding="utf-8") for page in PAGE.parent.glob("*.md"))

    for name in ENCODERS:
        assert f"`{name}`" in pages, name
