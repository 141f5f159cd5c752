"""`mmsearch encoders pair`: one encoder out of a folder for pictures and a folder for texts."""

from pathlib import Path

import click

from mmsearch.cli.options import examples
from mmsearch.cli.terminal import printable


@click.command("pair", epilog=examples("mmsearch encoders pair models/clip models/multilingual-text models/pair"))
@click.argument("image", metavar="IMAGE")
@click.argument("text", metavar="TEXT")
@click.argument("output", type=click.Path(path_type=Path), metavar="OUTPUT")
def command(image: str, text: str, output: Path) -> None:
    """Join an encoder of pictures and one of texts into one.

    IMAGE and TEXT are folders, or hub ids that are in the hub's cache on this machine; both must
    have been trained for one common space. OUTPUT is a new folder that holds copies of both, which
    any SentenceTransformer loads.
    """
    from mmsearch.encoders.pair import pair_encoders

    pair_encoders(image, text, output)
    click.echo(printable(str(output)))
