"""`mmsearch rerankers`: what could look twice, and how to get it."""

import click

from mmsearch.cli import rerankers_download
from mmsearch.cli.model_list import show_models
from mmsearch.cli.options import examples, json_option

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
    reads = [str(info.reads) for info in infos]
    show_models(infos, json, noun="re-ranker", trait="reads", traits=reads, right=(3,))


command.add_command(rerankers_download.command)
