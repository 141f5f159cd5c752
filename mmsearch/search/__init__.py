"""Answers queries: vector indexes that follow the store, and hits made of what they find."""

from mmsearch.search.live_index import LiveIndex
from mmsearch.search.searcher import Searcher

__all__ = ["LiveIndex", "Searcher"]
