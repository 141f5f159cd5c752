"""`mmsearch encoders`: what could turn pictures and words into vectors."""

from contextlib import closing

import click

from mmsearch.cli.options import examples, json_option
from mmsearch.cli.records import echo_json
from mmsearch.cli.session import Opener
from mmsearch.cli.terminal import columns

HEAD = ("encoder", "installed", "dim", "MB", "languages", "licence", "good at")


@click.command("encoders", epilog=examples("mmsearch encoders", "mmsearch encoders --json"))
@json_option
@click.pass_obj
def command(opener: Opener, json: bool) -> None:
    """List the encoders and what each is good at.

    An encoder that is not installed is a name known to mmsearch whose weights are not on this
    machine; nothing is downloaded unless you ask for it.
    """
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
            f"{info.size_mb:g}",
            " ".join(info.languages),
            info.licence,
            info.good_at,
        )
        for info in infos
    ]
    for text in columns([HEAD, *rows], right=(2, 3)):
        click.echo(text)
