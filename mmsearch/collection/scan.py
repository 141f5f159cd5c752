"""Finds what there is to index in a source."""

import os
import posixpath
import unicodedata
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from mmsearch.collection.captions import CaptionBook, is_caption_file
from mmsearch.collection.filetypes import PICTURES, WORDS
from mmsearch.collection.found import FileKind, FoundFile, ScanResult
from mmsearch.collection.hashing import short_hash
from mmsearch.collection.patterns import PathFilter
from mmsearch.collection.sidecars import sidecars_of
from mmsearch.collection.walk import Entry, Folder, Listing, list_folder, stat_inside
from mmsearch.errors import SourceError
from mmsearch.types import Skip

_ADVICE = "Give a folder of pictures, or a .txt, .jsonl or .csv file of texts."
_TABLES = (".jsonl", ".csv")


def scan(root: Path, include: Sequence[str] = (), exclude: Sequence[str] = ()) -> ScanResult:
    """Find the pictures and texts in a source, reading no more of them than a stat.

    Only caption files are read. What they and sidecars say about a picture is not looked at here:
    call `read_notes(result.base, found)` for a picture whose signature is new, and for no other.

    Args:
        root: A folder; or a .txt, .jsonl or .csv file of texts; or a caption file, for the pictures that it names.
        include: Glob patterns of the files to take (see `PathFilter`); everything if there are none. Sidecars
            and caption files count even where no pattern takes them in.
        exclude: Glob patterns of files and folders to leave out; caption files and sidecars too.

    Raises:
        SourceError: If there is no such folder or file, or it cannot be listed.
        BadInput: If a pattern is not one.
    """
    paths = PathFilter(include, exclude)
    try:
        stat = root.stat()
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        problem = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be looked at ({error})"
        raise SourceError(f"{root} {problem}. {_ADVICE}") from error
    if S_ISDIR(stat.st_mode):
        return _Scan(root, paths).folder()
    if S_ISREG(stat.st_mode):
        return _Scan(root.parent, paths).single(Entry(root.name, stat.st_size, stat.st_mtime_ns))
    raise SourceError(f"{root} is neither a folder nor a file. {_ADVICE}")


class _Scan:
    """One scan of one source."""

    def __init__(self, base: Path, paths: PathFilter) -> None:
        self._base, self._paths = base, paths
        self._book = CaptionBook()
        self._files: list[FoundFile] = []
        self._skips: list[Skip] = []

    def folder(self) -> ScanResult:
        """Scan all of the base folder."""
        listing = list_folder(self._base, self._paths)
        self._skips.extend(listing.skips)
        pictures = {entry.path for entry in _entries(listing) if entry.suffix in PICTURES}
        for path in sorted(entry.path for entry in _entries(listing) if is_caption_file(entry.path)):
            self._book.read(self._base, path)
        self._match_spellings(pictures)
        for folder in listing.folders:
            self._take_folder(folder)
        self._report_missing(pictures)
        return self._result()

    def single(self, entry: Entry) -> ScanResult:
        """Take one file of texts, or the pictures that one caption file names."""
        if entry.suffix not in WORDS:
            raise SourceError(f"{self._base / entry.path} cannot be indexed alone. {_ADVICE}")
        if entry.suffix == ".txt":
            self._take(entry, FileKind.TEXT)
            return self._result()
        self._book.read(self._base, entry.path)
        if entry.path in self._book.tables:
            self._take(entry, FileKind.TABLE)
        else:
            self._take_named()
        return self._result()

    def _take_folder(self, folder: Folder) -> None:
        """Take the pictures and texts among the files of one folder."""
        words = {name.lower(): entry for name, entry in folder.files.items() if entry.suffix in {".txt", ".json"}}
        about: set[str] = set()  # texts about a picture, be it wanted or not, are not items
        for name in folder.pictures:
            sidecars = sidecars_of(name, words)
            about.update(sidecar.path for sidecar in sidecars)
            self._take(folder.files.get(name), FileKind.PICTURE, sidecars)
        for entry in folder.files.values():
            if entry.suffix == ".txt" and entry.path not in about:
                self._take(entry, FileKind.TEXT)
            elif entry.suffix in _TABLES and (entry.path in self._book.tables or not is_caption_file(entry.path)):
                self._take(entry, FileKind.TABLE)

    def _take(self, entry: Entry | None, kind: FileKind, sidecars: Sequence[Entry] = ()) -> None:
        """Take a file if the patterns want it."""
        if entry is None or not self._paths.wants(entry.path):
            return
        rows = tuple(self._book.rows.get(entry.path, ())) if kind is FileKind.PICTURE else ()
        beside = tuple(sidecar.path for sidecar in sidecars)
        signature = f"{entry.size:x}-{entry.mtime_ns:x}"
        if rows or sidecars:
            stats = (f"{sidecar.size:x}-{sidecar.mtime_ns:x}" for sidecar in sidecars)
            signature += "-" + short_hash((*stats, "", *rows))
        self._files.append(FoundFile(entry.path, entry.size, entry.mtime_ns, kind, signature, rows, beside))

    def _take_named(self) -> None:
        """Take the pictures that the caption file names, without listing the folder."""
        missing = []
        for path in list(self._book.rows):
            entry = stat_inside(self._base, path)
            if entry is None:
                missing.append(path)
            elif entry.suffix in PICTURES:
                self._take(entry, FileKind.PICTURE)
        self._book.report_missing(path for path in missing if self._paths.wants(path))

    def _match_spellings(self, pictures: Collection[str]) -> None:
        """Let rows find pictures whose names differ in Unicode normal form (macOS) or in slashes (Windows)."""
        strays = [path for path in self._book.rows if path not in pictures]
        if strays:
            spellings = {_spelling(path): path for path in pictures}
            for path in strays:
                self._book.rename(path, spellings.get(_spelling(path), path))

    def _report_missing(self, pictures: Collection[str]) -> None:
        """Report rows about pictures that are not there, unless nobody wants them."""
        strays = (path for path in self._book.rows if path not in pictures and self._paths.wants(path))
        self._book.report_missing([path for path in strays if not os.path.lexists(self._base / path)])

    def _result(self) -> ScanResult:
        files = sorted(self._files, key=lambda file: file.path)
        skips = sorted((*self._skips, *self._book.skips), key=lambda skip: skip.path)
        return ScanResult(self._base, tuple(files), tuple(skips))


def _entries(listing: Listing) -> Iterator[Entry]:
    """Yield every file of a listing."""
    for folder in listing.folders:
        yield from folder.files.values()


def _spelling(path: str) -> str:
    """Return what equal names have in common."""
    return posixpath.normpath(unicodedata.normalize("NFC", path.replace("\\", "/")))
