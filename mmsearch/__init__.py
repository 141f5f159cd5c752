"""Search your pictures with words, and your words with pictures.

    from mmsearch import open_engine

    engine = open_engine()
    engine.index("~/Pictures")
    for hit in engine.search("a dog on the beach", k=5):
        ...

Importing this package is cheap; torch is loaded when the first query or picture is encoded.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mmsearch.engine import Engine, Settings, load_settings, open_engine
    from mmsearch.types import Explanation, Hit, Item, Modality, Results

__version__ = "0.1.0"

_HOMES = {
    "Engine": "mmsearch.engine",
    "Settings": "mmsearch.engine",
    "load_settings": "mmsearch.engine",
    "open_engine": "mmsearch.engine",
    "Explanation": "mmsearch.types",
    "Hit": "mmsearch.types",
    "Item": "mmsearch.types",
    "Modality": "mmsearch.types",
    "Results": "mmsearch.types",
}

__all__ = [
    "Engine",
    "Explanation",
    "Hit",
    "Item",
    "Modality",
    "Results",
    "Settings",
    "__version__",
    "load_settings",
    "open_engine",
]


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    try:
        home = _HOMES[name]
    except KeyError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None
    return getattr(import_module(home), name)
