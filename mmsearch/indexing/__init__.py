"""Brings a collection in step with a folder: the new is encoded, the moved keeps its vectors, the gone leaves."""

from mmsearch.indexing.alone import alone
from mmsearch.indexing.indexer import Indexer, Order
from mmsearch.indexing.pack import VectorPack
from mmsearch.indexing.progress import ProgressCallback

__all__ = ["Indexer", "Order", "ProgressCallback", "VectorPack", "alone"]
