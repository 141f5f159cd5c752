"""The model card of an aligned encoder."""

from mmsearch.laboratory.report import AlignReport, table_rows, verdict

_CARD = """# An encoder of pictures and texts, aligned by mmsearch

Pictures go through `{image}`, texts through `{text}`; both stay as they are, and their licences and terms hold for
this folder too. What {method} learnt from {learnt} of {pictures} captioned pictures maps both into one space.
{used}
```python
from sentence_transformers import SentenceTransformer

model = SentenceTransformer("FOLDER", trust_remote_code=True)  # the code is in the folder
```

With mmsearch: `mmsearch encoders build FOLDER`, then `mmsearch encoders use FOLDER`.

## Measured

Over {seeds} splits, each with {held_out} pictures held out. Per cent, ± half of the 95 % interval over the splits. This
folder holds what was learnt on the first split, without the pictures held out there.

{table}

{verdict}
"""


def card(report: AlignReport, method: str) -> str:
    """Return the card of the folder of a method in Markdown, from what was measured."""
    found = next(each for each in report.methods if each.method == method)
    used = ""
    if found.shares:
        share = found.shares[0]
        used = f"Its cosine counts {share:.1f}, that of the encoder as it is {1 - share:.1f}.\n"
    rows = table_rows(report)
    lines = [f"| {' | '.join(row)} |" for row in (rows[0], ["---"] * len(rows[0]), *rows[1:])]
    return _CARD.format(
        image=report.image_encoder,
        text=report.text_encoder,
        method=method,
        learnt=f"{report.pictures - report.held_out:,}",
        pictures=f"{report.pictures:,}",
        used=used,
        seeds=report.seeds,
        held_out=f"{report.held_out:,}",
        table="\n".join(lines),
        verdict="\n".join(verdict(report)),
    )
