"""`mmsearch rerankers`: what could look twice, and how to get it."""

import click

from mmsearch.cli import rerankers_download
from mmsearch.cli.options import examples, json_option
from mmsearch.cli.records import echo_json
from mmsearch.cli.terminal import columns

HEAD = ("re-ranker", "on this machine", "reads", "MB", "languages", "licence", "hub id", "good at")
EXAMPLES = examples("mmsearch rerankers", "mmsearch rerankers --json", "mmsearch rerankers download blip-coco")


@click.group("rerankers", invoke_without_command=True, epilog=EXAMPLES)
@json_option
@click.pass_context
def command(ctx: click.Context, json: bool) -> None:
    """List the re-rankers and what each is good at; get one.

    A re-ranker looks at words and each of the best hits together: at the picture (image), or at
    what is written about it (text). Nothing is downloaded unless you ask for it.
    """
    if ctx.invoked_subcommand is None:
        _list(json)


def _list(json: bool) -> None:
    from mmsearch.rerankers.registry import list_rerankers  # late: `mmsearch --help` imports this module

    infos = list_rerankers()
    if json:
        for info in infos:
            echo_json(info)
        return
    rows = [
        (
            info.name,
            "yes" if info.installed else "no",
            str(info.reads),
            f"{info.size_mb:,.0f}",
            " ".join(info.languages),
            info.licence,
            info.hub_id or "–",
            info.good_at,
        )
        for info in infos
    ]
    for text in columns([HEAD, *rows], right=(3,)):
        click.echo(text)


command.add_command(rerankers_download.command)
