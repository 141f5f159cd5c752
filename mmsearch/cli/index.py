"""`mmsearch index`: folders and caption files in, searchable items out."""

import signal
import threading
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from mmsearch.cli.options import encoder_option, examples, json_option, option
from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.records import echo_json
from mmsearch.cli.session import INTERRUPTED, Opener
from mmsearch.cli.terminal import printable
from mmsearch.errors import SourceError
from mmsearch.types import EVERYTHING, RunReport, Skip

if TYPE_CHECKING:
    from mmsearch.engine import Engine

EXAMPLES = examples(
    "mmsearch index ~/Pictures",
    "mmsearch index photos captions.jsonl --collection holidays",
    "mmsearch index ~/Pictures --exclude 'private/*' --exclude '*.gif'",
    "mmsearch index ~/Pictures --verbose --json > report.jsonl",
)


@click.command("index", epilog=EXAMPLES)
@click.argument("sources", metavar="SOURCE...", nargs=-1, required=True)
@option(
    "--collection",
    metavar="NAME",
    envvar="MMSEARCH_COLLECTION",
    default="library",
    show_default=True,
    help="Collection to put them in; made if there is none.",
)
@option("--include", metavar="PATTERN", multiple=True, help="Only files that match, such as '*.jpg'; repeatable.")
@option("--exclude", metavar="PATTERN", multiple=True, help="No files that match, such as 'old/*'; repeatable.")
@encoder_option
@json_option
@option("--verbose", is_flag=True, help="List every file that was skipped, and why.")
@click.pass_obj
def command(
    opener: Opener,
    sources: tuple[str, ...],
    collection: str,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    encoder: str | None,
    json: bool,
    verbose: bool,
) -> None:
    """Make pictures and texts searchable.

    SOURCE is a folder, or a .jsonl, .csv or .txt file of texts. Captions next to pictures
    (name.txt, name.json, captions.jsonl, metadata.jsonl) and what EXIF says are read too. Only
    what changed since the last time is read again; files that are gone leave the collection.

    A file that cannot be read is skipped and reported, and the exit code is 0 all the same.
    Ctrl-C stops after the batch at hand; the same command goes on from there.
    """
    failed = False
    with closing(opener()) as engine:
        for source in sources:
            try:
                report = _run(engine, source, collection, encoder, include, exclude)
            except SourceError as error:  # the other sources are still wanted
                click.echo(f"Error: {printable(str(error))}", err=True)
                failed = True
                continue
            show_report(report, json, verbose)
            if report.state == "cancelled":
                click.echo("Stopped. What is done is kept; run the same command again to go on.", err=True)
                raise click.exceptions.Exit(INTERRUPTED)
            failed = failed or report.state == "failed"
    if failed:
        raise click.exceptions.Exit(1)


def _run(
    engine: "Engine",
    source: str,
    collection: str,
    encoder: str | None,
    include: Sequence[str],
    exclude: Sequence[str],
) -> RunReport:
    """Index one source, with progress on stderr and Ctrl-C as a wish to stop."""
    cancel, progress = threading.Event(), ProgressLine()
    with cancelled_by_interrupt(cancel), closing(progress):
        return engine.index(
            source,
            collection=collection,
            encoder=encoder,
            include=include,
            exclude=exclude,
            progress=progress,
            cancel=cancel,
        )


@contextmanager
def cancelled_by_interrupt(cancel: threading.Event) -> Iterator[None]:
    """Let the first Ctrl-C set `cancel` and the second one interrupt; restores the handler."""

    def ask_to_stop(_signal: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        cancel.set()
        click.echo("\nStopping after this batch; Ctrl-C again stops at once.", err=True)

    if threading.current_thread() is not threading.main_thread():
        yield  # only the main thread may handle signals
        return
    before = signal.signal(signal.SIGINT, ask_to_stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def show_report(report: RunReport, json: bool, verbose: bool) -> None:
    """Print what a run did."""
    if json:
        echo_json(report)
        return
    for text in report_lines(report, verbose=verbose):
        click.echo(text)


def report_lines(report: RunReport, *, verbose: bool = False) -> Iterator[str]:
    """Yield what a run did, for people; every skipped file if `verbose`, else one for each reason."""
    state = "" if report.state == "done" else f" ({report.state})"
    yield f"{printable(report.source)} → {printable(report.collection)}{state}: {report.seconds:.1f} s"
    if report.source != EVERYTHING:
        counts = ("added", "changed", "moved", "removed", "unchanged")
        yield "  files: " + ", ".join(f"{getattr(report, name):,} {name}" for name in counts)
    encoder = printable(report.encoder)
    yield f"  encoded with {encoder}: {report.pictures_encoded:,} pictures, {report.texts_encoded:,} texts"
    if report.skips:
        yield f"  skipped: {len(report.skips):,}" + ("" if verbose else " (--verbose lists every file)")
    yield from skip_lines(report.skips, verbose)


def skip_lines(skips: Sequence[Skip], verbose: bool) -> Iterator[str]:
    """Yield every skipped file if `verbose`, else one for each reason."""
    if verbose:
        yield from (f"    {printable(skip.path)}: {printable(skip.reason)}" for skip in skips)
        return
    by_reason = defaultdict(list)
    for skip in skips:
        by_reason[skip.reason].append(skip.path)
    for reason, paths in sorted(by_reason.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        yield f"    {len(paths):,} × {printable(reason)}: such as {printable(paths[0])}"
