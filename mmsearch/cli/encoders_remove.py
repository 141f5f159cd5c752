"""`mmsearch encoders remove`: drop what an encoder made of a collection."""

from contextlib import closing

import click

from mmsearch.cli.options import collection_option, examples, json_option, option
from mmsearch.cli.removing import agreed, show_removed
from mmsearch.cli.session import Opener

EXAMPLES = examples(
    "mmsearch encoders remove clip-vit-b32 --collection holidays",
    "mmsearch encoders remove 'bundled (older)' --collection holidays --yes",
)


@click.command("remove", epilog=EXAMPLES)
@click.argument("name")
@collection_option
@option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def command(opener: Opener, name: str, collection: str | None, yes: bool, json: bool) -> None:
    """Delete the vectors that an encoder made of a collection, and free their space.

    NAME is as `mmsearch info` shows it; "(older)" marks what an encoder made before an upgrade
    changed it. The encoder itself stays on this machine, and pictures and captions are not touched.
    """
    with closing(opener()) as engine:
        where = collection or engine.default_collection()
        agreed(f"Delete what {name} made of {where}?", yes)
        show_removed(engine.remove_encoder(where, name), json)
