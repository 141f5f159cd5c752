"""`mmsearch calibrate`: fit a re-ranker's probabilities to a captioned collection."""

from collections.abc import Iterator
from contextlib import closing
from typing import TYPE_CHECKING

import click

from mmsearch.cli.options import collection_option, encoder_option, examples, json_option, reranker_option
from mmsearch.cli.progress import ProgressLine
from mmsearch.cli.records import echo_json
from mmsearch.cli.session import Opener
from mmsearch.cli.terminal import printable

if TYPE_CHECKING:
    from mmsearch.engine.calibrating import CalibrationReport

EXAMPLES = examples(
    "mmsearch calibrate",
    "mmsearch calibrate --collection holidays --reranker models/blip-itm-base-coco",
)


@click.command("calibrate", epilog=EXAMPLES)
@collection_option
@encoder_option
@reranker_option
@json_option
@click.pass_obj
def command(opener: Opener, collection: str | None, encoder: str | None, reranker: str | None, json: bool) -> None:
    """Fit the probabilities of a re-ranker to a collection that has captions.

    Each caption looks for its picture, and each phrase that several share, such as "a dog", for all of
    these. From then on searches by this re-ranker give probabilities that fit collections like this
    one, and say that nothing matches where they are lower than for 49 in 50 of these texts. Prints how
    far probabilities could be trusted before and after, on texts that were not fitted on.
    docs/second-opinion.md explains it.
    """
    with closing(opener()) as engine, closing(ProgressLine()) as progress:
        report = engine.calibrate(collection, encoder=encoder, reranker=reranker, progress=progress)
    if json:
        echo_json(report)
        return
    for line in _lines(report):
        click.echo(line)


def _lines(report: "CalibrationReport") -> Iterator[str]:
    yield printable(f"Re-ranker {report.reranker}, calibrated on {report.collection} (encoder {report.encoder})")
    yield "texts      number  curve        log loss         calibration error  nothing matches below"
    for texts, fit in sorted(report.fits.items()):
        loss = f"{fit.before.log_loss:.4f} → {fit.after.log_loss:.4f}"
        error = f"{fit.before.calibration_error:8.4f} → {fit.after.calibration_error:.4f}"
        below = f"{100 * fit.nothing_below:14.1f} %"
        yield f"{texts:<9}  {fit.queries:6}  {fit.kind:<11}  {loss}  {error}  {below}"
    yield printable(f"Kept in {report.file}; delete it to go back.")
