"""Vector indexes: one contract, one file an implementation, and the cache files they are kept in."""
