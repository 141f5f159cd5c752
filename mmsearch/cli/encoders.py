"""`mmsearch encoders`: what could turn pictures and words into vectors, and how to get it."""

from contextlib import closing

import click

from mmsearch.cli import encoders_build, encoders_download, encoders_pair, encoders_remove, encoders_use
from mmsearch.cli.options import examples, json_option
from mmsearch.cli.records import echo_json
from mmsearch.cli.session import Opener
from mmsearch.cli.terminal import columns

HEAD = ("encoder", "on this machine", "dim", "MB", "languages", "licence", "hub id", "good at")
EXAMPLES = examples("mmsearch encoders", "mmsearch encoders --json", "mmsearch encoders download clip-vit-b32")


@click.group("encoders", invoke_without_command=True, epilog=EXAMPLES)
@json_option
@click.pass_context
def command(ctx: click.Context, json: bool) -> None:
    """List the encoders and what each is good at; get, join, use or remove one.

    An encoder that is not on this machine is a name known to mmsearch whose weights are not here;
    nothing is downloaded unless you ask for it.
    """
    if ctx.invoked_subcommand is None:
        _list(ctx.obj, json)


def _list(opener: Opener, json: bool) -> None:
    with closing(opener()) as engine:
        infos = engine.encoders()
    if json:
        for info in infos:
            echo_json(info)
        return
    rows = [
        (
            info.name,
            "yes" if info.installed else "no",
            str(info.dim),
            f"{info.size_mb:,.0f}",
            " ".join(info.languages),
            info.licence,
            info.hub_id or "–",
            info.good_at,
        )
        for info in infos
    ]
    for text in columns([HEAD, *rows], right=(2, 3)):
        click.echo(text)


for _each in (encoders_download, encoders_pair, encoders_build, encoders_use, encoders_remove):
    command.add_command(_each.command)
