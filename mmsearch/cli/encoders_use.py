"""`mmsearch encoders use`: choose the encoder that searches a collection."""

from contextlib import closing

import click

from mmsearch.cli.options import collection_option, examples
from mmsearch.cli.session import Opener
from mmsearch.cli.terminal import printable

EXAMPLES = examples("mmsearch encoders use clip-vit-b32 --collection holidays")


@click.command("use", epilog=EXAMPLES)
@click.argument("name")
@collection_option
@click.pass_obj
def command(opener: Opener, name: str, collection: str | None) -> None:
    """Let an encoder search a collection from now on, here and in the app.

    NAME must have read the collection: `mmsearch encoders build`. A search with --encoder, or with
    MMSEARCH_ENCODER set, still goes by that one.
    """
    with closing(opener()) as engine:
        where = collection or engine.default_collection()
        engine.use_encoder(where, name)
        click.echo(printable(f"{where} is searched by {engine.encoder_of(where)}."))
