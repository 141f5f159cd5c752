"""Reads folders, caption files and pictures into what can be indexed."""

from mmsearch.collection.found import FileKind, FoundFile, LoadedPicture, Notes, PictureFacts, ScanResult, TextItem
from mmsearch.collection.hashing import content_hash
from mmsearch.collection.pictures import inspect_picture, load_picture
from mmsearch.collection.scan import scan
from mmsearch.collection.sidecars import read_notes
from mmsearch.collection.texts import load_texts
from mmsearch.collection.thumbnails import make_thumbnail

__all__ = [
    "FileKind",
    "FoundFile",
    "LoadedPicture",
    "Notes",
    "PictureFacts",
    "ScanResult",
    "TextItem",
    "content_hash",
    "inspect_picture",
    "load_picture",
    "load_texts",
    "make_thumbnail",
    "read_notes",
    "scan",
]
