"""`mmsearch rerankers download`: fetch a preset from the hub."""

import click

from mmsearch.cli.options import examples
from mmsearch.cli.terminal import printable


@click.command("download", epilog=examples("mmsearch rerankers download blip-coco"))
@click.argument("name")
def command(name: str) -> None:
    """Download a re-ranker, once.

    NAME is one that `mmsearch rerankers` lists, or the hub id (owner/model) of any other. Only the
    files that are needed are fetched, into the hub's cache. Prints the folder it lies in, which can
    be copied to a machine without network and used there as `--reranker FOLDER`.
    """
    from mmsearch.rerankers.presets import RERANKER_FAMILY

    folder = RERANKER_FAMILY.download(name, progress=lambda text: click.echo(printable(text), err=True))
    click.echo(str(folder))
