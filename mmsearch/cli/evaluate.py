"""`mmsearch eval`: how well an encoder finds what the captions say."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmsearch.cli.compose import SuiteOptions, measure, suite_lines
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
    "mmsearch eval --suite compose --count 50 --scenes 200",
    "mmsearch eval --suite compose --reranker runs/matcher/matcher --json",
)


@click.command("eval", epilog=EXAMPLES)
@click.argument("target", required=False)
@option("--collection", metavar="NAME", help="Measure what is indexed in this collection instead of TARGET.")
@option("--split", metavar="NAME", help="Only pictures of this split of TARGET, such as dev.")
@option("--language", metavar="CODE", help="Only texts in this language, such as en or zh.")
@encoder_option
@option("--suite", type=click.Choice(["compose"]), help="Measure on drawn scenes instead of TARGET.")
@option(
    "--reranker",
    metavar="NAME",
    help="With --suite: measure this re-ranker too: one that `mmsearch rerankers` lists, or a model folder.",
)
@option("--count", type=click.IntRange(min=1), help="With --suite: scenes of each kind of foil; 200 by default.")
@option("--scenes", type=click.IntRange(min=1), help="With --suite: scenes to find one among; 1000 by default.")
@option("--seed", type=click.IntRange(min=0), help="With --suite: other scenes than those that everybody gets.")
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
    suite: str | None,
    reranker: str | None,
    count: int | None,
    scenes: int | None,
    seed: int | None,
    json: bool,
    output: Path | None,
) -> None:
    """Measure how well captions find their pictures.

    TARGET is a folder of pictures with captions, or a caption file. Prints recall at 1, 5 and 10,
    median rank, MRR, nDCG and mAP@R from texts
    to pictures and from pictures to texts; docs/evaluation.md defines them.

    --suite compose asks of drawn scenes whether true captions score above false ones that differ in
    one thing: an object, a colour, a count, a relation, …; docs/compose.md explains it.
    """
    _check(target, collection, split, language, suite, (reranker, count, scenes, seed))
    if suite is not None:
        result = measure(SuiteOptions(encoder, reranker, count, scenes, seed))
        _show(result.as_record(), list(suite_lines(result)), json, output)
        return
    from mmsearch.evaluation import as_dict, as_table  # late: `mmsearch --help` imports this module

    with closing(opener()) as engine:
        report = _measure(engine, target, collection, split, language, encoder)
    dataset = None if report.dataset is None else printable(report.dataset)
    _show(as_dict(report), [as_table(replace(report, dataset=dataset))], json, output)


def _check(
    target: str | None,
    collection: str | None,
    split: str | None,
    language: str | None,
    suite: str | None,
    of_suite: tuple[object, ...],
) -> None:
    """Refuse options that do not go together."""
    if sum(each is not None for each in (target, collection, suite)) != 1:
        raise click.UsageError("Say what to measure: TARGET, --collection or --suite, one of them.")
    if collection is not None and split is not None:
        raise click.UsageError("--split goes with TARGET; a collection does not remember splits.")
    if suite is not None and (split is not None or language is not None):
        raise click.UsageError("--suite draws its own pictures in all languages; leave out --split and --language.")
    if suite is None and any(each is not None for each in of_suite):
        raise click.UsageError("--reranker, --count, --scenes and --seed go with --suite.")


def _show(record: object, lines: list[str], json: bool, output: Path | None) -> None:
    """Write the record to `output` if given, and print it or the lines for people."""
    if output is not None:
        _write(output, json_line(record) + "\n")
    if json:
        echo_json(record)
        return
    for line in lines:
        click.echo(line)


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
