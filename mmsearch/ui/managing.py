"""What the app does when somebody indexes, or chooses and removes encoders and collections."""

import shutil
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from mmsearch.collection import content_hash
from mmsearch.errors import BadInput
from mmsearch.ui import uploads, wire
from mmsearch.ui.hosting import Rights
from mmsearch.ui.jobs import Jobs
from mmsearch.ui.uploads import Sent
from mmsearch.ui.wire import Told

if TYPE_CHECKING:
    from mmsearch.engine import Engine

RUNS = 20  # of the history


class Manager:
    """Changes what there is to search, as far as the visitor may.

    Every method returns how the work behind the page stands, or what was removed.

    Raises:
        BadInput: From any method that this app does not offer to its visitors, or while another run goes on.
    """

    def __init__(self, engine: "Engine", rights: Rights, arrivals: Path) -> None:
        self._engine, self._rights, self._arrivals = engine, rights, arrivals
        self._jobs = Jobs(engine)

    def catch_up(self) -> None:
        """Begin to make anew what an upgrade of an encoder made useless, if there is any."""
        self._jobs.catch_up()

    def progress(self) -> Told:
        """Return how the work behind the page stands."""
        return wire.job(self._jobs.now, self._rights.paths)

    def history(self) -> Told:
        """Return the latest runs, newest first."""
        return {"runs": [wire.run(report, self._rights.paths) for report in self._engine.runs(limit=RUNS)]}

    def index_folder(self, folder: str, collection: str, include: str, exclude: str) -> Told:
        """Begin to index a folder, or a file of captions, of this machine."""
        _allow(self._rights.folders, "Folders of this machine cannot be indexed from here.")
        if not folder.strip():
            raise BadInput("Write the path of a folder first.")
        self._jobs.index(folder.strip(), _name(collection), patterns(include), patterns(exclude))
        return self.progress()

    def index_uploads(self, sent: Sequence[Sent], collection: str) -> Told:
        """Keep what was sent and begin to index it."""
        _allow(self._rights.uploads, "Pictures cannot be uploaded here.")
        if self._jobs.now.running:
            raise BadInput("One run is going on already. Cancel it or wait until it is done.")
        name = _name(collection)
        self._jobs.index(str(uploads.keep(sent, self._arrivals, self._uploads_of(name))), name)
        return self.progress()

    def cancel(self) -> Told:
        """Ask the run to stop after its current batch."""
        self._jobs.cancel()
        return self.progress()

    def build(self, collection: str, encoder: str, use: bool = False) -> Told:
        """Begin to make the vectors that an encoder lacks of a collection; the others search on meanwhile.

        With `use` it searches the collection once it has read it.
        """
        self._allow_managing()
        self._jobs.build(collection, encoder, use)
        return self.progress()

    def align(self, collection: str, image_encoder: str, text_encoder: str, method: str) -> Told:
        """Begin to bring two encoders into one space, or to adapt one, on the captions of a collection.

        No text encoder stands for that of the pictures.
        """
        self._allow_managing()
        if not image_encoder.strip():
            raise BadInput("Choose an encoder of pictures first.")
        self._jobs.align(_name(collection), image_encoder.strip(), text_encoder.strip() or None, method)
        return self.progress()

    def alignment(self) -> Told:
        """Return what the laboratory found last, as `found`; None if it has not run since the app was started."""
        self._allow_managing()
        report = self._jobs.alignment
        return {"found": wire.alignment(report) if report else None}

    def use(self, collection: str, encoder: str) -> Told:
        """Let an encoder search a collection from now on, for everybody who does not choose another."""
        self._allow_managing()
        self._engine.use_encoder(collection, encoder)
        return {"collection": collection, "encoder": encoder}

    def remove_encoder(self, collection: str, encoder: str) -> Told:
        """Remove an encoder's vectors of a collection."""
        self._allow_managing()
        return asdict(self._engine.remove_encoder(collection, encoder))

    def remove_collection(self, collection: str) -> Told:
        """Remove a collection and what was uploaded for it; other folders stay as they are."""
        self._allow_managing()
        removed = self._engine.remove_collection(collection)
        shutil.rmtree(self._uploads_of(collection), ignore_errors=True)
        return asdict(removed)

    def _allow_managing(self) -> None:
        _allow(self._rights.manage, "Encoders and collections cannot be changed from here.")

    def _uploads_of(self, collection: str) -> Path:
        """Return the folder of a collection's uploads; the hash keeps names apart that look alike once made safe."""
        folder = f"{uploads.safe_name(collection)[:40]}-{content_hash(collection.encode('utf-8', 'replace'))[:8]}"
        return self._engine.settings.home / "uploads" / folder


def patterns(words: str) -> tuple[str, ...]:
    """Return the patterns that somebody wrote with commas or line breaks between them."""
    parts = (part.strip() for line in words.splitlines() for part in line.split(","))
    return tuple(part for part in parts if part)


def _name(collection: str) -> str:
    if not collection.strip():
        raise BadInput("Write the name of a collection first.")
    return collection.strip()


def _allow(allowed: bool, refusal: str) -> None:
    if not allowed:
        raise BadInput(f"{refusal} The page says why.")
