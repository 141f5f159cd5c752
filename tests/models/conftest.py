"""The hub's cache and the tiny models of the encoders' tests."""

from tests.encoders.conftest import hub_cache, tiny

__all__ = ["hub_cache", "tiny"]
