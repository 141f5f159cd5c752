"""Lists of models, as `mmsearch encoders` and `mmsearch rerankers` print them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mmsearch.cli.records import echo_json
from mmsearch.cli.terminal import columns

if TYPE_CHECKING:
    from mmsearch.encoders.registry import EncoderInfo
    from mmsearch.rerankers.registry import RerankerInfo


def show_models(
    infos: "Sequence[EncoderInfo | RerankerInfo]",
    json: bool,
    *,
    noun: str,
    trait: str,
    traits: Sequence[str],
    right: Sequence[int],
) -> None:
    """Print one model a line, or a row.

    Args:
        infos: What there is.
        json: A JSON object a line, for programs.
        noun: Heads the names.
        trait: Heads what this kind of model has besides.
        traits: That of each model.
        right: Columns set to the right.
    """
    if json:
        for info in infos:
            echo_json(info)
        return
    head = (noun, "on this machine", trait, "MB", "languages", "licence", "hub id", "good at")
    rows = [
        (
            info.name,
            "yes" if info.installed else "no",
            own,
            f"{info.size_mb:,.0f}",
            " ".join(info.languages),
            info.licence,
            info.hub_id or "–",
            info.good_at,
        )
        for info, own in zip(infos, traits, strict=True)
    ]
    for text in columns([head, *rows], right=right):
        click.echo(text)
