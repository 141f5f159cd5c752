"""Lists a folder and all below it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISDIR, S_ISREG

from mmsearch.collection.filetypes import NOT_YET, PICTURES, WORDS, suffix_of
from mmsearch.collection.opening import lies_in
from mmsearch.collection.patterns import PathFilter
from mmsearch.collection.reasons import Reason
from mmsearch.errors import SourceError
from mmsearch.types import Skip

_JUNK = frozenset(
    {"@eadir", "__macosx", "thumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "lost+found"}
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A file by its stat."""

    path: str  # relative to the listed folder, with forward slashes
    size: int  # bytes
    mtime_ns: int

    @property
    def suffix(self) -> str:
        """Extension in lower case, with its dot."""
        return suffix_of(self.path)


@dataclass(slots=True)
class Folder:
    """What lies in one folder."""

    files: dict[str, Entry] = field(default_factory=dict)  # by name
    pictures: list[str] = field(default_factory=list)  # names of all pictures, of excluded and unreadable ones too


@dataclass(slots=True)
class Listing:
    """What lies below a folder."""

    folders: list[Folder] = field(default_factory=list)
    skips: list[Skip] = field(default_factory=list)


def list_folder(base: Path, paths: PathFilter) -> Listing:
    """List the files below `base` that may be of use and are not excluded.

    Links to folders are not followed: what lies inside is listed where it really is, so that
    there are no loops. A link to a file counts if its target lies inside.

    Raises:
        SourceError: If `base` itself cannot be listed.
    """
    walker = _Walker(base, paths)
    waiting = [""]
    while waiting:
        waiting.extend(walker.visit(waiting.pop()))
    return walker.listing


class _Walker:
    """Visits one folder at a time."""

    def __init__(self, base: Path, paths: PathFilter) -> None:
        self._base, self._paths = base, paths
        self._real = os.path.realpath(base)
        self.listing = Listing()

    def visit(self, folder: str) -> list[str]:
        """Take in the files of a folder; return the folders in it."""
        here = Folder()
        folders = []
        for entry in self._entries(folder):
            path = f"{folder}/{entry.name}" if folder else entry.name
            if _is_junk(entry.name) or not self._is_sound(path):
                continue
            if suffix_of(entry.name) in (*PICTURES, *NOT_YET):
                here.pictures.append(entry.name)
            if self._paths.excludes(path):
                continue
            if entry.is_dir(follow_symlinks=False):
                folders.append(path)
            elif file := self._file(path, entry):
                here.files[entry.name] = file
        self.listing.folders.append(here)
        return folders

    def _entries(self, folder: str) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(self._base / folder) as entries:
                yield from sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            if not folder:
                raise SourceError(f"The folder {self._base} cannot be listed: {error.strerror}.") from error
            self._skip(folder, Reason.UNLISTED.format(error.strerror))

    def _file(self, path: str, entry: os.DirEntry[str]) -> Entry | None:
        """Return a file that may be of use; report one that ought to be but is not."""
        suffix = suffix_of(entry.name)
        useful = suffix in PICTURES or suffix in WORDS
        if entry.is_symlink() and (useful or _leads_to_folder(entry)) and not lies_in(self._real, entry.path):
            self._skip(path, Reason.LEADS_OUT)
        elif suffix in NOT_YET:
            self._skip(path, Reason.HEIC)
        elif useful:
            return self._stat(path, entry)
        return None

    def _stat(self, path: str, entry: os.DirEntry[str]) -> Entry | None:
        try:
            stat = entry.stat()
        except OSError as error:
            self._skip(path, Reason.UNSEEN.format(error.strerror))
            return None
        if S_ISREG(stat.st_mode):
            return Entry(path, stat.st_size, stat.st_mtime_ns)
        if not S_ISDIR(stat.st_mode):  # the folder that a link leads to is listed where it is
            self._skip(path, Reason.IRREGULAR)
        return None

    def _is_sound(self, path: str) -> bool:
        """Whether a name can be stored as text; reports one that cannot."""
        try:
            path.encode()
        except UnicodeEncodeError:
            shown = path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
            self._skip(shown, Reason.NAME_NOT_UTF8)
            return False
        return True

    def _skip(self, path: str, reason: str) -> None:
        self.listing.skips.append(Skip(path, reason))


def stat_inside(base: Path, path: str) -> Entry | None:
    """Return the regular file at `path` below `base`; None if there is none or it is a link that leads out."""
    try:
        stat = (base / path).stat()
    except (OSError, ValueError):  # ValueError: a name that no file can have
        return None
    inside = S_ISREG(stat.st_mode) and lies_in(base, base / path)
    return Entry(path, stat.st_size, stat.st_mtime_ns) if inside else None


def _leads_to_folder(link: os.DirEntry[str]) -> bool:
    """Whether a link leads to a folder; one that leads to itself does not."""
    try:
        return link.is_dir()
    except OSError:
        return False


def _is_junk(name: str) -> bool:
    """Whether this is hidden or something that systems and programs leave behind."""
    return name.startswith(".") or name.lower() in _JUNK
