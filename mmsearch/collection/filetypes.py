"""Which names of files are looked at."""

import posixpath

PICTURES = (".jpg", ".jpeg", ".jpe", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif")
NOT_YET = (".heic", ".heif")  # reported, so that nobody wonders where they are
WORDS = (".txt", ".json", ".jsonl", ".csv")


def suffix_of(path: str) -> str:
    """Return the extension in lower case, with its dot; "" if there is none."""
    return posixpath.splitext(path)[1].lower()
