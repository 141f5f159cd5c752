"""The `mmsearch` command: its subcommands, and how errors end it."""

import os
import sys
from importlib import import_module
from io import TextIOWrapper

import click

from mmsearch import __version__
from mmsearch.cli.options import examples
from mmsearch.cli.session import INTERRUPTED, open_from_environment
from mmsearch.cli.terminal import printable
from mmsearch.errors import MmsearchError

COMMANDS = {
    "search": "mmsearch.cli.search",
    "index": "mmsearch.cli.index",
    "info": "mmsearch.cli.info",
    "remove": "mmsearch.cli.remove",
    "eval": "mmsearch.cli.evaluate",
    "calibrate": "mmsearch.cli.calibrate",
    "train": "mmsearch.cli.train",
    "align": "mmsearch.cli.align",
    "scenes": "mmsearch.cli.scenes",
    "serve": "mmsearch.cli.serve",
    "encoders": "mmsearch.cli.encoders",
    "rerankers": "mmsearch.cli.rerankers",
}  # name -> module that holds it as `command`; modules import heavy libraries only when they run


class Commands(click.Group):
    """Imports a subcommand when it is asked for, and turns our errors into exit codes."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order in which the help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the subcommand called `cmd_name`, or None for click to say so."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(COMMANDS[cmd_name]).command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the subcommand and return what it returns."""
        try:
            return super().invoke(ctx)
        except MmsearchError as error:
            raise click.ClickException(printable(str(error))) from error
        except click.UsageError as error:  # it may quote a file name
            raise click.UsageError(printable(error.format_message()), error.ctx) from error
        except KeyboardInterrupt:
            click.echo("\nStopped.", err=True)
            ctx.exit(INTERRUPTED)


@click.group(
    cls=Commands,
    context_settings={
        "auto_envvar_prefix": "MMSEARCH",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 100,
    },
    epilog=examples(
        'mmsearch search "a dog on the beach"',
        "mmsearch index ~/Pictures",
        "mmsearch serve",
    ),
)
@click.version_option(__version__, "--version", prog_name="mmsearch")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Search your pictures with words, and your words with pictures.

    Results go to stdout, progress to stderr. Every option has a twin in the environment,
    which its help names; settings such as MMSEARCH_HOME are listed in docs/cli.md.
    """
    ctx.obj = ctx.obj or open_from_environment
    if "NO_COLOR" in os.environ:
        ctx.color = False


def main() -> None:
    """Run the command line; ends the process with its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 still gets every line
    if isinstance(sys.stdin, TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")  # a query that is not text finds little, but ends nothing
    cli(prog_name="mmsearch")
