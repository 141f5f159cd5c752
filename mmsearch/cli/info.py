"""`mmsearch info`: what is where."""

from collections.abc import Iterator
from contextlib import closing

import click

from mmsearch.cli.options import examples, json_option
from mmsearch.cli.records import echo_json
from mmsearch.cli.session import Opener
from mmsearch.cli.terminal import columns, printable
from mmsearch.types import CollectionInfo, RunReport

RUNS = 5  # the last ones are shown


@click.command("info", epilog=examples("mmsearch info", "mmsearch info --json"))
@json_option
@click.pass_obj
def command(opener: Opener, json: bool) -> None:
    """Show where the data lies and what it holds.

    Vectors are counted per encoder, of pictures and of texts; the last indexing runs follow.
    With --json: one object for each collection, with its last runs.
    """
    with closing(opener()) as engine:
        home, default = engine.settings.home, engine.default_collection()
        collections, runs = engine.collections(), engine.runs(limit=RUNS)
        if json:
            for each in collections:
                last = engine.runs(each.name, limit=RUNS)
                echo_json({"home": home, "default": each.name == default, "collection": each, "runs": last})
            return
    click.echo(f"Home: {printable(str(home))}")
    if not collections:
        click.echo("There are no collections yet; `mmsearch index FOLDER` makes one.", err=True)
    for each in collections:
        for text in collection_lines(each, default=each.name == default):
            click.echo(text)
    for text in run_lines(runs):
        click.echo(text)


def collection_lines(collection: CollectionInfo, *, default: bool) -> Iterator[str]:
    """Yield what a collection holds, for people."""
    mark = " (searched by default)" if default else ""
    yield f"Collection {printable(collection.name)}{mark}: {collection.pictures:,} pictures, {collection.texts:,} texts"
    for source in collection.sources:
        yield f"  source {printable(source)}"
    for encoder, (pictures, texts) in sorted(collection.vectors.items()):
        use = " (searches it)" if encoder == collection.encoder else ""
        yield f"  vectors of {printable(encoder)}{use}: {pictures:,} of pictures, {texts:,} of texts"


def run_lines(runs: tuple[RunReport, ...]) -> Iterator[str]:
    """Yield the last runs as a table, newest first; nothing if there are none."""
    if not runs:
        return
    yield "Last runs:"
    head = ("collection", "source", "encoder", "state", "added", "changed", "removed", "skipped", "seconds")
    rows = [(run.collection, run.source, run.encoder, run.state, *_counts(run)) for run in runs]
    yield from (f"  {text}" for text in columns([head, *rows], right=range(4, len(head))))


def _counts(run: RunReport) -> tuple[str, ...]:
    counts = (run.added, run.changed, run.removed, len(run.skips))
    return (*(f"{count:,}" for count in counts), f"{run.seconds:.1f}")
