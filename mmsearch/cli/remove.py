"""`mmsearch remove`: forget a collection, or one of its sources."""

from contextlib import closing

import click

from mmsearch.cli.options import examples, json_option, option
from mmsearch.cli.removing import agreed, show_removed
from mmsearch.cli.session import Opener

EXAMPLES = examples(
    "mmsearch remove holidays",
    "mmsearch remove library --source ~/Pictures/scans --yes",
)


@click.command("remove", epilog=EXAMPLES)
@click.argument("collection")
@option("--source", metavar="FOLDER", help="Only what comes from this folder or file, as `mmsearch info` shows it.")
@option("--yes", is_flag=True, help="Do not ask.")
@json_option
@click.pass_obj
def command(opener: Opener, collection: str, source: str | None, yes: bool, json: bool) -> None:
    """Forget a collection, or one of its sources, and free the space that it took.

    Rows, captions, vectors, indexes and thumbnails are deleted, and with a collection its history.
    Your own files are never touched: indexing them again brings everything back.
    """
    with closing(opener()) as engine:
        if source is None:
            agreed(f"Forget the collection {collection}?", yes)
            removed = engine.remove_collection(collection)
        else:
            agreed(f"Forget what {source} holds in the collection {collection}?", yes)
            removed = engine.remove_source(collection, source)
        show_removed(removed, json)
