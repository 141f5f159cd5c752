"""`mmsearch encoders download`: fetch a preset from the hub."""

import click

from mmsearch.cli.options import examples
from mmsearch.cli.terminal import printable


@click.command("download", epilog=examples("mmsearch encoders download clip-vit-b32"))
@click.argument("name")
def command(name: str) -> None:
    """Download an encoder, once.

    NAME is one that `mmsearch encoders` lists, or the hub id (owner/model) of any other. Only the
    files that are needed are fetched, into the hub's cache. Prints the folder it lies in, which can
    be copied to a machine without network and used there as `--encoder FOLDER`.
    """
    from mmsearch.encoders.presets import ENCODER_FAMILY

    folder = ENCODER_FAMILY.download(name, progress=lambda text: click.echo(printable(text), err=True))
    click.echo(str(folder))
