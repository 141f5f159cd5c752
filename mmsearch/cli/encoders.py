"""`mmsearch encoders`: what could turn pictures and words into vectors, and how to get it."""

from contextlib import closing

import click

from mmsearch.cli import encoders_build, encoders_download, encoders_pair, encoders_remove, encoders_use
from mmsearch.cli.model_list import show_models
from mmsearch.cli.options import examples, json_option
from mmsearch.cli.session import Opener

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
    dims = [str(info.dim) for info in infos]
    show_models(infos, json, noun="encoder", trait="dim", traits=dims, right=(2, 3))


for _each in (encoders_download, encoders_pair, encoders_build, encoders_use, encoders_remove):
    command.add_command(_each.command)
