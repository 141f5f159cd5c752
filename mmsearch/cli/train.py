"""`mmsearch train`: from data and a configuration to an encoder folder."""

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mmsearch.cli.index import skip_lines
from mmsearch.cli.options import examples, json_option, option
from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.records import echo_json
from mmsearch.cli.terminal import duration, printable
from mmsearch.encoders.threads import let_waiting_threads_sleep
from mmsearch.types import Progress

if TYPE_CHECKING:
    from mmsearch.training.finetune import FinetuneReport
    from mmsearch.training.pretrain import PretrainReport
    from mmsearch.training.run import TrainProgress, TrainReport

METHODS = ("full", "heads", "lora")  # those of `training.finetune_loop`, which loads torch
EXAMPLES = examples(
    "mmsearch train --data data --output runs/heads",
    "mmsearch train --config mine.toml --data data --output runs/mine --fresh",
    "mmsearch train --start runs/heads/model --data data --output runs/towers",
    "mmsearch train --folder ~/Pictures --output runs/mine",
    "mmsearch train --folder ~/Pictures --start clip-vit-b32 --method lora --output runs/mine",
)


@click.command("train", epilog=EXAMPLES)
@option("--config", type=click.Path(path_type=Path), help="TOML file instead of the one that comes with mmsearch.")
@option("--start", help="Encoder to start from: a name, a folder or a hub id.")
@option("--data", type=click.Path(path_type=Path), help="Folder of the data sets that the config names.")
@option("--folder", type=click.Path(path_type=Path), help="Fine-tune on the captioned pictures of this folder.")
@option("--method", type=click.Choice(METHODS), help="What a fine-tuning trains; full unless the config says.")
@option("--epochs", type=click.IntRange(min=1), help="How often to go through the data, instead of the config's.")
@option("--output", type=click.Path(path_type=Path), required=True, help="Folder for checkpoints and the model.")
@option("--fresh", is_flag=True, help="Begin anew instead of going on from the last checkpoint.")
@json_option
@option("--verbose", is_flag=True, help="List every file that was left out, and why.")
def command(
    config: Path | None,
    start: str | None,
    data: Path | None,
    folder: Path | None,
    method: str | None,
    epochs: int | None,
    output: Path,
    fresh: bool,
    json: bool,
    verbose: bool,
) -> None:
    """Train an encoder, fine-tune one, or go on with a stopped training.

    With --folder, an encoder is fine-tuned on pictures with captions of your own; docs/finetuning.md explains it.

    With --data, heads are trained on frozen towers; that needs what `pip install -e '.[train]'` adds. With --data and
    --start, the towers of that encoder are trained too, or a matcher on top of them: docs/training.md.

    Ctrl-C loses at most the work since the last checkpoint: the same command goes on from there.
    """
    if (data is None) == (folder is None):
        raise click.UsageError("Give either --folder, your own pictures to fine-tune on, or --data, the data sets.")
    if method is not None and folder is None:
        raise click.UsageError("--method is for fine-tuning: give --folder too.")
    let_waiting_threads_sleep()
    with closing(ProgressLine()) as line:
        run = _Run(config, start, output, not fresh, epochs, lambda step: line(_as_progress(step)))
        report = run.on_data(data) if data is not None else run.on_folder(folder or Path(), method)
    if json:
        echo_json(report)
        return
    for text in report_lines(report, verbose=verbose):
        click.echo(text)


@dataclass(frozen=True, slots=True)
class _Run:
    """What all kinds of training are told."""

    config: Path | None
    start: str | None
    output: Path
    resume: bool
    epochs: int | None
    progress: Callable[["TrainProgress"], None]

    def on_folder(self, folder: Path, method: str | None) -> "FinetuneReport":
        """Fine-tune on the pictures of a folder."""
        from mmsearch.engine.settings import load_settings  # late: so is the rest of the engine
        from mmsearch.training.finetune import FINETUNE_CONFIG, finetune  # late: loads torch

        return finetune(
            folder,
            self.output,
            self.start or "bundled",
            config_path=self.config or FINETUNE_CONFIG,
            method=method,
            epochs=self.epochs,
            resume=self.resume,
            progress=self.progress,
            device=load_settings().device,
        )

    def on_data(self, data: Path) -> "TrainReport | PretrainReport":
        """Train heads, or towers and matcher where there is an encoder to start from."""
        given: dict[str, Any] = {"resume": self.resume, "progress": self.progress, "epochs": self.epochs}
        if self.start is None:
            from mmsearch.training.run import BUNDLED_CONFIG, train  # late: loads torch

            return train(self.config or BUNDLED_CONFIG, data, self.output, **given)
        from mmsearch.encoders.registry import BUNDLED_ENCODER
        from mmsearch.training.pretrain import PRETRAIN_CONFIG, pretrain  # late: loads torch

        start = BUNDLED_ENCODER if self.start == "bundled" else Path(self.start)
        return pretrain(self.config or PRETRAIN_CONFIG, data, self.output, start, **given)


def _as_progress(step: "TrainProgress") -> Progress:
    """Return a step of training as progress; each new loss counts as a phase, so that a log shows it."""
    loss = "" if step.loss is None else f", loss {step.loss:.4f}"
    return Progress(step.phase + loss, step.done, step.total, skipped=0, rate=0.0, seconds_left=None)


def report_lines(report: "TrainReport | PretrainReport | FinetuneReport", *, verbose: bool = False) -> Iterator[str]:
    """Yield what a training made, for people: the folder, its size and its recall."""
    from mmsearch.evaluation import as_table  # late: `mmsearch --help` imports this module
    from mmsearch.training.finetune import FinetuneReport  # late: loads torch
    from mmsearch.training.run import TrainReport

    yield f"{printable(str(report.folder))}: {report.weights_mb:.1f} MB of weights"
    yield f"{report.epochs} epochs, last loss {report.loss:.4f}, {duration(report.seconds)} in this run"
    if isinstance(report, FinetuneReport):
        shared = f", {report.shared:,} of them beside several pictures" if report.shared else ""
        yield f"learnt from {report.pictures:,} pictures with {report.captions:,} captions{shared}"
    if not isinstance(report, TrainReport) and report.left_out:
        yield f"  left out: {len(report.left_out):,}" + ("" if verbose else " (--verbose lists every file)")
        yield from skip_lines(report.left_out, verbose)
    for each in (report.before, report.after) if isinstance(report, FinetuneReport) else report.recall:
        if each is not None:
            yield as_table(each)
