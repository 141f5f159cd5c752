"""The model card of a fine-tuned encoder."""

from dataclasses import replace
from typing import TYPE_CHECKING

from mmsearch.training.model_card import recall_table

if TYPE_CHECKING:
    from mmsearch.training.finetune import FinetuneReport

_CARD = """# An encoder of pictures and texts, fine-tuned

Began as the encoder `{start}`, whose licence and terms hold for it too. mmsearch trained it further on {pictures}
pictures with {captions} captions: method {method}, {trained:,} weights, {epochs} epochs, last loss {loss:.3f} nats.
Use it with `mmsearch encoders build FOLDER`, then `mmsearch encoders use FOLDER`.

{recall}
"""


def finetune_card(report: "FinetuneReport") -> str:
    """Return the card in Markdown, from what was measured."""
    return _CARD.format(
        start=report.start,
        pictures=report.pictures,
        captions=report.captions,
        method=report.method,
        trained=report.trained,
        epochs=report.epochs,
        loss=report.loss,
        recall=_recall(report),
    )


def _recall(report: "FinetuneReport") -> str:
    if report.before is None or report.after is None:
        return "No pictures were held out, so nothing was measured."
    said = "Recall at 1 / 5 / 10 in per cent, by captions that were held out:"
    return f"{said}\n\n{recall_table([replace(each, language='all') for each in (report.before, report.after)])}"
