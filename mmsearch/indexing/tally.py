"""Counts what a run does."""

import time
from dataclasses import dataclass, field

from mmsearch.types import RunReport, Skip


@dataclass(slots=True)
class Tally:
    """The counts of a run under way; they become its report."""

    run_id: int
    collection: str
    source: str
    encoder: str
    added: int = 0
    changed: int = 0
    moved: int = 0
    removed: int = 0
    unchanged: int = 0
    pictures_encoded: int = 0
    texts_encoded: int = 0
    skips: list[Skip] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def report(self, state: str) -> RunReport:
        """Return the counts as they stand."""
        return RunReport(
            run_id=self.run_id,
            collection=self.collection,
            source=self.source,
            encoder=self.encoder,
            state=state,
            added=self.added,
            changed=self.changed,
            moved=self.moved,
            removed=self.removed,
            unchanged=self.unchanged,
            skips=tuple(self.skips),
            pictures_encoded=self.pictures_encoded,
            texts_encoded=self.texts_encoded,
            seconds=time.monotonic() - self.began,
        )
