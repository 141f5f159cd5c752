"""`mmsearch serve`: the app in a browser."""

import click

from mmsearch.cli.options import examples, option
from mmsearch.cli.session import Opener
from mmsearch.cli.terminal import printable

EXAMPLES = examples("mmsearch serve", "mmsearch serve --host 0.0.0.0 --port 8080 --no-browser")


@click.command("serve", epilog=EXAMPLES)
@option("--host", metavar="ADDRESS", help="Where to listen: 127.0.0.1 unless you say so; 0.0.0.0 lets others in.")
@option(
    "--port",
    type=click.IntRange(0, 65535),
    help="Port: the first free one from 7860 unless you say so; 0 takes any free one.",
)
@option("--no-browser", is_flag=True, help="Do not open a browser window.")
@click.pass_obj
def command(opener: Opener, host: str | None, port: int | None, no_browser: bool) -> None:
    """Open the app in a browser.

    It answers from the same collections as the command line, and indexes folders too. Whoever can
    reach its address can see your pictures. Ctrl-C stops it.
    """
    from mmsearch.ui import serve

    try:
        serve(opener(), host=host, port=port, open_browser=not no_browser)
    except OSError as error:  # the address is taken, or not one of this machine's
        raise click.ClickException(printable(str(error))) from error
