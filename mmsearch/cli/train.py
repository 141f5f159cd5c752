"""`mmsearch train`: from data and a configuration to an encoder folder."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mmsearch.cli.options import examples, json_option, option
from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.records import echo_json
from mmsearch.cli.terminal import duration, printable
from mmsearch.encoders.threads import let_waiting_threads_sleep
from mmsearch.types import Progress

if TYPE_CHECKING:
    from mmsearch.training.pretrain import PretrainReport
    from mmsearch.training.run import TrainProgress, TrainReport

EXAMPLES = examples(
    "mmsearch train --data data --output runs/bundled",
    "mmsearch train --config mine.toml --data data --output runs/mine --fresh",
    "mmsearch train --start runs/bundled/model --data data --output runs/pretrained",
)


@click.command("train", epilog=EXAMPLES)
@option("--config", type=click.Path(path_type=Path), help="TOML file; without it, that of the bundled encoder.")
@option("--start", help="Pretrain towers and matcher from this encoder: a folder, or bundled.")
@option("--data", type=click.Path(path_type=Path), required=True, help="Folder of the data sets that it names.")
@option("--output", type=click.Path(path_type=Path), required=True, help="Folder for checkpoints and the model.")
@option("--fresh", is_flag=True, help="Begin anew instead of going on from the last checkpoint.")
@json_option
def command(config: Path | None, start: str | None, data: Path, output: Path, fresh: bool, json: bool) -> None:
    """Train an encoder, or go on with a stopped training.

    Without --start, heads are trained on frozen towers; that needs what `pip install -e '.[train]'` adds. With
    --start, the towers of that encoder are trained too, and a matcher on top of them. docs/training.md explains both.
    Ctrl-C loses at most the work since the last checkpoint: the same command goes on from there.
    """
    let_waiting_threads_sleep()
    with closing(ProgressLine()) as line:
        report = _trained(config, start, data, output, not fresh, lambda step: line(_as_progress(step)))
    if json:
        echo_json(report)
        return
    for text in report_lines(report):
        click.echo(text)


def _trained(
    config: Path | None,
    start: str | None,
    data: Path,
    output: Path,
    resume: bool,
    progress: Callable[["TrainProgress"], None],
) -> "TrainReport | PretrainReport":
    """Train heads, or towers and matcher where there is an encoder to start from."""
    if start is None:
        from mmsearch.training.run import BUNDLED_CONFIG, train  # late: loads torch

        return train(config or BUNDLED_CONFIG, data, output, resume=resume, progress=progress)
    from mmsearch.encoders.registry import BUNDLED_ENCODER
    from mmsearch.training.pretrain import PRETRAIN_CONFIG, pretrain  # late: loads torch

    folder = BUNDLED_ENCODER if start == "bundled" else Path(start)
    return pretrain(config or PRETRAIN_CONFIG, data, output, folder, resume=resume, progress=progress)


def _as_progress(step: "TrainProgress") -> Progress:
    """Return a step of training as progress; each new loss counts as a phase, so that a log shows it."""
    loss = "" if step.loss is None else f", loss {step.loss:.4f}"
    return Progress(step.phase + loss, step.done, step.total, skipped=0, rate=0.0, seconds_left=None)


def report_lines(report: "TrainReport | PretrainReport") -> Iterator[str]:
    """Yield what a training made, for people: the folder, its size and its recall."""
    from mmsearch.evaluation import as_table  # late: `mmsearch --help` imports this module

    yield f"{printable(str(report.folder))}: {report.weights_mb:.1f} MB of weights"
    yield f"{report.epochs} epochs, last loss {report.loss:.4f}, {duration(report.seconds)} in this run"
    for each in report.recall:
        yield as_table(each)
