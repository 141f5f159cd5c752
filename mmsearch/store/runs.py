"""The history of indexing runs."""

from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select, update

from mmsearch.store.database import Database
from mmsearch.store.models import CollectionRow, RunRow
from mmsearch.types import RunReport, Skip

MAX_SKIPS = 1000  # kept of one run; files themselves remember why they were skipped


class RunHistory:
    """Starts, ends and lists runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def start(self, collection_id: int, source: str, encoder: str) -> int:
        """Note that a run begins and return its id; what a killed one left open is closed."""
        with self._database.writing() as session:
            session.execute(
                update(RunRow)
                .where(RunRow.collection_id == collection_id, RunRow.state == "running")
                .values(state="interrupted")
            )
            row = RunRow(collection_id=collection_id, source=source, encoder=encoder, state="running")
            session.add(row)
            session.flush()
            return row.id

    def finish(self, report: RunReport) -> None:
        """Note how a run ended."""
        with self._database.writing() as session:
            row = session.get_one(RunRow, report.run_id)
            row.state = report.state
            row.finished_at = datetime.now(UTC).replace(tzinfo=None)
            row.report = {**asdict(report), "skips": [asdict(skip) for skip in report.skips[:MAX_SKIPS]]}

    def list(self, collection: str | None = None, limit: int = 20) -> tuple[RunReport, ...]:
        """Return the latest runs, newest first, of one collection or all."""
        query = select(RunRow, CollectionRow.name).join(CollectionRow).order_by(RunRow.id.desc()).limit(limit)
        if collection is not None:
            query = query.where(CollectionRow.name == collection)
        with self._database.reading() as session:
            return tuple(_report(row, name) for row, name in session.execute(query))


def _report(row: RunRow, collection: str) -> RunReport:
    """Rebuild a report; a run that did not end has counts of zero."""
    told: dict[str, Any] = {field.name: 0 for field in fields(RunReport)} | row.report
    skips = tuple(Skip(**skip) for skip in told["skips"] or ())
    named = {"run_id": row.id, "collection": collection, "source": row.source, "encoder": row.encoder}
    return RunReport(**{**told, **named, "state": row.state, "skips": skips})
