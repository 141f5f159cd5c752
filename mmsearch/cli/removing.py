"""What commands that remove something share: asking first, and saying what is gone."""

import sys

import click

from mmsearch.cli.records import echo_json
from mmsearch.cli.terminal import printable
from mmsearch.types import Removed


def agreed(question: str, yes: bool) -> None:
    """Go on if the user said yes, in the command or when asked; a script must say it in the command."""
    if yes:
        return
    if not on_a_terminal():
        raise click.UsageError(f"{printable(question)} Say so with --yes: there is no terminal to ask on.")
    click.confirm(printable(question), abort=True, err=True)


def on_a_terminal() -> bool:
    """Return whether there is somebody to ask."""
    return sys.stdin.isatty()


def show_removed(removed: Removed, json: bool) -> None:
    """Print what is gone."""
    if json:
        echo_json(removed)
        return
    counts = f"{removed.pictures:,} pictures, {removed.texts:,} texts and {removed.vectors:,} vectors"
    click.echo(f"Removed {counts}; {removed.bytes_freed / 1e6:,.1f} MB freed. Your own files are not touched.")
