"""Names content by its hash."""

import hashlib


def content_hash(data: bytes) -> str:
    """Return the BLAKE2b-160 of `data`, 40 hex digits."""
    return hashlib.blake2b(data, digest_size=20).hexdigest()


def short_hash(parts: tuple[str, ...]) -> str:
    """Return 16 hex digits that change with any of `parts`; enough to notice a change."""
    digest = hashlib.blake2b(digest_size=8)
    for part in parts:
        digest.update(part.encode("utf-8", "surrogatepass"))
        digest.update(b"\0")
    return digest.hexdigest()
