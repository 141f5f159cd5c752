"""What the options of several commands share: environment twins, and examples under the help."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])  # a command's function; click passes it whatever it declares


def option(*names: str, **settings: Any) -> Callable[[F], F]:  # noqa: ANN401 - whatever click takes
    """Declare an option whose help names its environment twin; `settings` are click's."""
    return click.option(*names, show_envvar=True, **settings)


def examples(*lines: str) -> str:
    """Return the end of a help text: commands one can paste, left unwrapped."""
    return "\n".join(["\b", "Examples:", *(f"  {line}" for line in lines)])


collection_option = option(
    "--collection", metavar="NAME", envvar="MMSEARCH_COLLECTION", help="Collection to use instead of the default."
)
encoder_option = option(
    "--encoder",
    metavar="NAME",
    envvar="MMSEARCH_ENCODER",
    help="Encoder: one that `mmsearch encoders` lists, or a model folder.",
)
reranker_option = option(
    "--reranker",
    metavar="NAME",
    envvar="MMSEARCH_RERANKER",
    help="Re-ranker: one that `mmsearch rerankers` lists, or a model folder.",
)
json_option = option("--json", is_flag=True, help="One JSON object per line.")
