"""`mmsearch align`: from two frozen encoders, or one, and captioned pictures to an encoder of its own."""

import threading
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmsearch.cli.index import cancelled_by_interrupt, skip_lines
from mmsearch.cli.options import examples, json_option, option
from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.records import echo_json
from mmsearch.cli.session import INTERRUPTED, Opener
from mmsearch.cli.terminal import printable
from mmsearch.encoders.threads import let_waiting_threads_sleep

if TYPE_CHECKING:
    from mmsearch.laboratory import AlignReport

METHODS = (
    "cca",
    "kernel-cca",
    "multiset-cca",
    "contrastive",
    "deep-cca",
    "autoencoder",
    "adversarial",
    "graph",
    "ensemble",
    "all",
)  # those of `alignment.adaptation`, which loads torch
EXAMPLES = examples(
    "mmsearch align --pairs ~/Pictures --output runs/mine",
    "mmsearch align --pairs ~/Pictures --method all --output runs/all",
    "mmsearch align --collection holidays --method all",
    "mmsearch align --image-encoder models/dinov2 --text-encoder models/minilm --pairs ~/Pictures --output runs/new",
)


@click.command("align", epilog=EXAMPLES)
@option("--pairs", type=click.Path(path_type=Path), help="Folder of pictures with captions.")
@option("--collection", metavar="NAME", help="Collection whose captions to learn from, in place of a folder.")
@option("--image-encoder", metavar="NAME", help="Encoder of pictures; the encoder in use unless told otherwise.")
@option("--text-encoder", metavar="NAME", help="Encoder of texts; that of the pictures unless told otherwise.")
@option("--method", type=click.Choice(METHODS), default="contrastive", show_default=True, help="How to learn.")
@option("--seeds", type=click.IntRange(1, 20), default=3, show_default=True, help="How many splits to measure on.")
@option(
    "--held-out",
    type=click.FloatRange(0.05, 0.8),
    default=0.2,
    show_default=True,
    help="Share of the pictures that is measured on instead of learnt from.",
)
@option("--output", type=click.Path(path_type=Path), help="Folder for encoder, plots and report; goes with --pairs.")
@option("--keep", is_flag=True, help="Write an encoder for every method, also where it did not help; with --pairs.")
@json_option
@option("--verbose", is_flag=True, help="List every file that was left out, and why.")
@click.pass_obj
def command(
    opener: Opener,
    pairs: Path | None,
    collection: str | None,
    image_encoder: str | None,
    text_encoder: str | None,
    method: str,
    seeds: int,
    held_out: float,
    output: Path | None,
    keep: bool,
    json: bool,
    verbose: bool,
) -> None:
    """Bring two encoders into one space, or adapt one to your pictures.

    Both encoders stay as they are; what is learnt maps their vectors. With one encoder of pictures
    and texts, it is learnt whether a map beside it finds more; the encoder is only written if it
    does. Encoders of pictures or of texts alone are folders that sentence-transformers loads.

    Learns from a folder (--pairs, into --output) or from a collection, whose encoder is kept in
    mmsearch's home. Prints what each method finds among pictures held out, draws it, and writes a
    folder that `mmsearch encoders build` and any SentenceTransformer load. docs/alignment.md
    explains it.
    """
    wanted: dict[str, Any] = {
        **{"image_encoder": image_encoder, "text_encoder": text_encoder},
        **{"method": method, "seeds": seeds, "held_out": held_out},
    }
    if pairs is not None and output is not None and collection is None:
        work = partial(_from_folder, pairs.expanduser(), output.expanduser(), keep)
    elif collection is not None and pairs is None and output is None and not keep:
        work = partial(_from_collection, opener, collection)
    else:
        raise click.UsageError("Give --pairs with --output, or --collection without --output and --keep.")
    let_waiting_threads_sleep()
    from mmsearch.laboratory.report import as_record  # late: loads torch

    cancel = threading.Event()
    with cancelled_by_interrupt(cancel), closing(ProgressLine()) as progress:
        report = work(wanted, progress, cancel)
    if json:
        echo_json(as_record(report))
    elif report.state == "done":
        for line in report_lines(report, collection, verbose=verbose):
            click.echo(printable(line))
    if report.state == "cancelled":
        click.echo("Stopped. Vectors are kept; the same command goes on from them.", err=True)
        raise click.exceptions.Exit(INTERRUPTED)


def _from_folder(
    pairs: Path, output: Path, keep: bool, wanted: dict[str, Any], progress: ProgressLine, cancel: threading.Event
) -> "AlignReport":
    from mmsearch.engine.settings import load_settings  # late: so is the rest of the engine
    from mmsearch.laboratory import AlignSettings, align

    known = load_settings()
    wanted |= {"image_encoder": wanted["image_encoder"] or known.encoder, "keep": keep}
    return align(
        AlignSettings(pairs, output, **wanted), home=known.home, device=known.device, progress=progress, cancel=cancel
    )


def _from_collection(
    opener: Opener, collection: str, wanted: dict[str, Any], progress: ProgressLine, cancel: threading.Event
) -> "AlignReport":
    with closing(opener()) as engine:
        return engine.align(collection, **wanted, progress=progress, cancel=cancel)


def report_lines(report: "AlignReport", collection: str | None = None, *, verbose: bool = False) -> Iterator[str]:
    """Yield what a run found and made, for people; `collection` is the one that it learnt from."""
    from mmsearch.laboratory.report import as_text  # late: `mmsearch --help` imports this module

    yield from as_text(report)
    for plot in report.plots:
        yield f"drawn: {plot}"
    for each in report.methods:
        if each.folder is not None:
            yield f"written: {each.folder}"
    if report.recommended is not None:
        build, use = (
            f"mmsearch encoders {verb} {report.recommended}" + (f" --collection {collection}" if collection else "")
            for verb in ("build", "use")
        )
        yield f"Use it: {build}, then {use}"
    if report.left_out:
        yield f"left out: {len(report.left_out):,}" + ("" if verbose else " (--verbose lists every file)")
        yield from skip_lines(report.left_out, verbose)
