"""Keeps the texts of files in step with what their sources state."""

from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from mmsearch.store.models import TextRow
from mmsearch.store.records import FileRecord
from mmsearch.store.slices import slices
from mmsearch.store.vectors import drop_vectors
from mmsearch.types import Modality, Text

Statement = tuple[int, int, str, str | None, str]  # file, item, kind, language, text


def save_texts(
    session: Session,
    file_ids: Sequence[int],
    records: Sequence[FileRecord],
    items: dict[tuple[Modality, str], int],
) -> None:
    """Make the texts of these files exactly those of their records.

    A text that is stated as before keeps its row, and so its vector.
    """
    old = _stated(session, file_ids)
    new: dict[Statement, int] = {}
    for file_id, record in zip(file_ids, records, strict=True):
        for entry in record.entries:
            for position, text in enumerate(entry.texts):
                new.setdefault(_statement(file_id, items[entry.kind, entry.key], text), position)
    for statement, position in new.items():
        if statement in old:
            old[statement].position = position
        else:
            file_id, item_id, kind, language, words = statement
            session.add(
                TextRow(file_id=file_id, item_id=item_id, position=position, kind=kind, language=language, text=words)
            )
    drop_texts(session, [row.id for statement, row in old.items() if statement not in new])
    session.flush()


def drop_texts(session: Session, text_ids: Sequence[int]) -> None:
    """Delete texts and their vectors."""
    drop_vectors(session, Modality.TEXT, text_ids)
    for some in slices(text_ids):
        session.execute(delete(TextRow).where(TextRow.id.in_(some)))


def _stated(session: Session, file_ids: Sequence[int]) -> dict[Statement, TextRow]:
    """Return the texts that the store has for these files."""
    found: dict[Statement, TextRow] = {}
    for some in slices(file_ids):
        for row in session.scalars(select(TextRow).where(TextRow.file_id.in_(some))):
            found[row.file_id, row.item_id, row.kind, row.language, row.text] = row
    return found


def _statement(file_id: int, item_id: int, text: Text) -> Statement:
    return (file_id, item_id, text.kind, text.language, text.text)
