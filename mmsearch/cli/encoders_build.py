"""`mmsearch encoders build`: let an encoder read a collection, beside those that have."""

import threading
from contextlib import closing

import click

from mmsearch.cli.index import cancelled_by_interrupt, show_report
from mmsearch.cli.options import collection_option, examples, json_option, option
from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.session import INTERRUPTED, Opener

EXAMPLES = examples("mmsearch encoders build clip-vit-b32 --collection holidays")


@click.command("build", epilog=EXAMPLES)
@click.argument("name")
@collection_option
@json_option
@option("--verbose", is_flag=True, help="List every file that was skipped, and why.")
@click.pass_obj
def command(opener: Opener, name: str, collection: str | None, json: bool, verbose: bool) -> None:
    """Let an encoder read all that a collection holds.

    NAME is one that `mmsearch encoders` lists as on this machine, a model folder or a hub id. What
    other encoders made stays, and search goes on by the one in use; `mmsearch encoders use` switches.
    Pictures that were indexed since the last build are caught up with.

    Ctrl-C stops after the batch at hand; the same command goes on from there.
    """
    cancel, progress = threading.Event(), ProgressLine()
    with closing(opener()) as engine:
        with cancelled_by_interrupt(cancel), closing(progress):
            where = collection or engine.default_collection()
            report = engine.build(where, name, progress=progress, cancel=cancel)
        show_report(report, json, verbose)
    if report.state == "cancelled":
        click.echo("Stopped. What is done is kept; run the same command again to go on.", err=True)
        raise click.exceptions.Exit(INTERRUPTED)
