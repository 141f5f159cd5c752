"""The metadata store: what is indexed, and the vectors made of it. The truth that indexes are caches of."""

from mmsearch.store.store import Store

__all__ = ["Store"]
