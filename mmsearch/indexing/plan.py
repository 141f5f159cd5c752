"""Compares what a folder holds with what the store remembers of it."""

from collections.abc import Mapping
from dataclasses import dataclass

from mmsearch.collection import FoundFile, ScanResult
from mmsearch.store.records import KnownFile

MAX_ATTEMPTS = 3  # readings of a file that failed for a reason that may pass


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done about each file of a source."""

    new: tuple[FoundFile, ...]  # perhaps moved here from one of `missing`
    changed: tuple[tuple[FoundFile, KnownFile], ...]
    unchanged: tuple[KnownFile, ...]  # those skipped before included
    missing: tuple[KnownFile, ...]

    @property
    def to_read(self) -> tuple[tuple[FoundFile, KnownFile | None], ...]:
        """The files to read, in the order of their paths, with what is known of them."""
        fresh: list[tuple[FoundFile, KnownFile | None]] = [(found, None) for found in self.new]
        return tuple(sorted([*fresh, *self.changed], key=lambda pair: pair[0].path))


def make_plan(scan: ScanResult, known: Mapping[str, KnownFile]) -> Plan:
    """Sort files into new, changed, unchanged and missing by their signatures, without opening any."""
    new, changed, unchanged = [], [], []
    for found in scan.files:
        before = known.get(found.path)
        if before is None:
            new.append(found)
        elif before.signature != found.signature or _worth_another_try(before):
            changed.append((found, before))
        else:
            unchanged.append(before)
    there = {found.path for found in scan.files}
    missing = [before for path, before in known.items() if path not in there]
    return Plan(tuple(new), tuple(changed), tuple(unchanged), tuple(missing))


def _worth_another_try(file: KnownFile) -> bool:
    return file.state == "skipped" and 0 < file.attempts < MAX_ATTEMPTS
