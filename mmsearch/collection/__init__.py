"""Reads folders, caption files and pictures into what can be indexed."""

from mmsearch.collection.deadline import Deadline
from mmsearch.collection.found import FileKind, FoundFile, LoadedPicture, Notes, PictureFacts, ScanResult, TextItem
from mmsearch.collection.hashing import content_hash
from mmsearch.collection.known_picture import load_known_picture
from mmsearch.collection.pictures import inspect_picture, load_picture, read_picture_file
from mmsearch.collection.reasons import Reason, parse_reason
from mmsearch.collection.scan import scan
from mmsearch.collection.sidecars import read_notes
from mmsearch.collection.texts import load_texts
from mmsearch.collection.thumbnails import make_thumbnail

__all__ = [
    "Deadline",
    "FileKind",
    "FoundFile",
    "LoadedPicture",
    "Notes",
    "PictureFacts",
    "Reason",
    "ScanResult",
    "TextItem",
    "content_hash",
    "inspect_picture",
    "load_known_picture",
    "load_picture",
    "load_texts",
    "make_thumbnail",
    "parse_reason",
    "read_notes",
    "read_picture_file",
    "scan",
]
