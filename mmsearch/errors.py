"""Everything mmsearch raises on purpose.

    MmsearchError
    ├── UnknownName          no encoder, collection, … is called that
    ├── BadInput             an argument, option or configuration that cannot be used
    ├── BadPicture           a picture that cannot be read, and why
    ├── SourceError          a folder or file to index that is not there or cannot be listed
    ├── EncoderError         a model that cannot be loaded or run
    ├── VectorIndexError     a vector index file or operation that failed
    ├── StoreError           the metadata store failed
    │   ├── StoreBusy        another process holds it
    │   ├── StoreReadOnly    it cannot be written to
    │   └── StoreTooNew      a newer mmsearch wrote it
    ├── NotIndexed           the collection has nothing for this encoder yet
    ├── RerankerError        a re-ranker that cannot be loaded or run
    └── TrainingError        a training run that cannot go on

A message says what failed, with which value, and what to do.
"""

from collections.abc import Iterable
from difflib import get_close_matches


class MmsearchError(Exception):
    """Root of all errors that mmsearch raises on purpose."""


class UnknownName(MmsearchError):
    """No `kind` is called `name`; suggests the nearest of `known`."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name, self.known = kind, name, tuple(known)
        super().__init__(f"No {kind} is called {name!r}. {self._advice()}")

    def _advice(self) -> str:
        near = get_close_matches(self.name, self.known, n=1)
        if near:
            return f"Did you mean {near[0]}?"
        return f"There is: {', '.join(self.known)}." if self.known else "There is none yet."


class BadInput(MmsearchError):
    """An argument, option or configuration value that cannot be used."""


class BadPicture(MmsearchError):
    """A picture that cannot be read; the message is the reason shown to the user."""


class SourceError(MmsearchError):
    """A folder or file to index that is not there or cannot be listed."""


class EncoderError(MmsearchError):
    """A model that cannot be loaded or run."""


class RerankerError(MmsearchError):
    """A re-ranker that cannot be loaded or run."""


class VectorIndexError(MmsearchError):
    """A vector index operation or file that failed."""


class StoreError(MmsearchError):
    """The metadata store failed."""


class StoreBusy(StoreError):
    """Another process holds the metadata store."""


class StoreReadOnly(StoreError):
    """The metadata store cannot be written to."""


class StoreTooNew(StoreError):
    """A newer mmsearch wrote the metadata store."""


class NotIndexed(MmsearchError):
    """The collection has no vectors of this encoder yet."""


class TrainingError(MmsearchError):
    """A training run that cannot go on; the last good checkpoint is kept."""
