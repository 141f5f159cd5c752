"""`mmsearch eval`: how well an encoder finds what the captions say."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmsearch.cli.options import encoder_option, examples, json_option, option
from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.records import echo_json, json_line
from mmsearch.cli.session import Opener
from mmsearch.cli.terminal import printable
from mmsearch.errors import BadInput

if TYPE_CHECKING:
    from mmsearch.engine import Engine
    from mmsearch.evaluation import EvaluationReport

EXAMPLES = examples(
    "mmsearch eval photos/captions.jsonl",
    "mmsearch eval photos --split dev --language zh",
    "mmsearch eval --collection samples --language en",
    "mmsearch eval photos --json --output report.json",
)


@click.command("eval", epilog=EXAMPLES)
@click.argument("target", required=False)
@option("--collection", metavar="NAME", help="Measure what is indexed in this collection instead of TARGET.")
@option("--split", metavar="NAME", help="Only pictures of this split of TARGET, such as dev.")
@option("--language", metavar="CODE", help="Only texts in this language, such as en or zh.")
@encoder_option
@json_option
@option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write the report to this file too, as JSON.")
@click.pass_obj
def command(
    opener: Opener,
    target: str | None,
    collection: str | None,
    split: str | None,
    language: str | None,
    encoder: str | None,
    json: bool,
    output: Path | None,
) -> None:
    """Measure how well captions find their pictures.

    TARGET is a folder of pictures with captions, or a caption file. Prints recall at 1, 5 and 10,
    median rank, MRR, nDCG and mAP@R from texts
    to pictures and from pictures to texts; docs/evaluation.md defines them.
    """
    from mmsearch.evaluation import as_dict, as_table  # late: `mmsearch --help` imports this module

    if (target is None) == (collection is None):
        raise click.UsageError("Say what to measure: TARGET or --collection, one of them.")
    if collection is not None and split is not None:
        raise click.UsageError("--split goes with TARGET; a collection does not remember splits.")
    with closing(opener()) as engine:
        report = _measure(engine, target, collection, split, language, encoder)
    if output is not None:
        _write(output, json_line(as_dict(report)) + "\n")
    if json:
        echo_json(as_dict(report))
        return
    dataset = None if report.dataset is None else printable(report.dataset)
    click.echo(as_table(replace(report, dataset=dataset)))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"The report cannot be written to {path}: {error.strerror}.") from error


def _measure(
    engine: "Engine",
    target: str | None,
    collection: str | None,
    split: str | None,
    language: str | None,
    encoder: str | None,
) -> "EvaluationReport":
    if collection is not None:
        return engine.evaluate_collection(collection, language=language, encoder=encoder)
    assert target is not None  # noqa: S101 - the caller has checked
    with closing(ProgressLine()) as progress:
        return engine.evaluate_source(Path(target), split=split, language=language, encoder=encoder, progress=progress)
