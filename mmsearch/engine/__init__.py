"""The one place that wires things together, and the API of the library."""

from mmsearch.engine.engine import Engine, open_engine
from mmsearch.engine.settings import Settings, load_settings

__all__ = ["Engine", "Settings", "load_settings", "open_engine"]
