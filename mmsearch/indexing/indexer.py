"""One run of the indexer: from a folder to rows and vectors."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from filelock import FileLock, Timeout

from mmsearch.collection import ScanResult, scan
from mmsearch.encoders.base import DualEncoder
from mmsearch.errors import StoreBusy
from mmsearch.indexing.missing import MissingVectors
from mmsearch.indexing.pack import VectorPack
from mmsearch.indexing.plan import make_plan
from mmsearch.indexing.progress import Meter, ProgressCallback
from mmsearch.indexing.run import FileRun
from mmsearch.indexing.tally import Tally
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Modality, RunReport


@dataclass(frozen=True, slots=True)
class Order:
    """What to index, and where it goes."""

    source: Path  # folder, or file of texts; absolute
    collection: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Indexer:
    """Indexes sources into a store with one encoder.

    Every batch is one transaction of rows and vectors, so a killed run is simply run again. One run at a time
    in each collection; searching goes on meanwhile.

    Args:
        store: Where rows and vectors go.
        encoder: Makes the vectors.
        locks: Folder of the lock files.
        max_pixels: Larger pictures are skipped.
        pack: Vectors made beforehand; ignored if another encoder made them.
    """

    def __init__(
        self, store: Store, encoder: DualEncoder, locks: Path, *, max_pixels: int, pack: VectorPack | None = None
    ) -> None:
        self._store, self._encoder, self._locks, self._max_pixels = store, encoder, locks, max_pixels
        self._pack = pack if pack and pack.fingerprint == encoder.fingerprint else VectorPack()

    def run(self, order: Order, progress: ProgressCallback | None = None, cancel: Event | None = None) -> RunReport:
        """Bring the collection in step with the source.

        Args:
            order: What to index.
            progress: Called about ten times a second.
            cancel: Ends the run after the batch at hand; all that is done is kept.

        Raises:
            SourceError: If the source is not there; nothing is removed then.
            StoreBusy: If another run is indexing this collection.
            EncoderError: If the encoder fails; what was done before is kept.
        """
        meter = Meter(progress)
        scanned = scan(order.source, order.include, order.exclude)  # first, so that a missing source changes nothing
        collection_id = self._store.catalogue.open_collection(order.collection)
        with self._alone(collection_id, order.collection):
            run_id = self._store.runs.start(collection_id, str(order.source), self._encoder.name)
            tally = Tally(run_id, order.collection, str(order.source), self._encoder.name)
            state = "failed"
            try:
                state = self._carry_out(order, scanned, collection_id, tally, meter, cancel or Event())
            finally:
                report = tally.report(state)
                self._store.runs.finish(report)
        return report

    def _carry_out(
        self, order: Order, scanned: ScanResult, collection_id: int, tally: Tally, meter: Meter, cancel: Event
    ) -> str:
        """Do the work of a run; return the state it ended in."""
        encoder = self._encoder
        encoder_id = self._store.vectors.register_encoder(encoder.name, encoder.fingerprint, encoder.dim)
        pictures = VectorSpace(collection_id, encoder_id, Modality.IMAGE, encoder.dim)
        source = self._store.catalogue.open_source(
            collection_id, order.source, scanned.base, order.include, order.exclude
        )
        tally.skips.extend(scanned.skips)
        plan = make_plan(scanned, self._store.catalogue.files(source))
        files = FileRun(self._store, encoder, self._pack, source, pictures, plan, tally)
        files.read_files(self._max_pixels, meter, cancel)
        if not cancel.is_set():
            files.remove_missing()
        missing = MissingVectors(self._store, encoder, self._pack, tally, meter, cancel)
        missing.encode_pictures(pictures, self._max_pixels)
        missing.encode_texts(replace(pictures, modality=Modality.TEXT))
        if cancel.is_set():
            return "cancelled"
        meter.start("done", 0)
        return "done"

    @contextmanager
    def _alone(self, collection_id: int, name: str) -> Iterator[None]:
        """Keep a second run out of a collection."""
        self._locks.mkdir(parents=True, exist_ok=True)
        lock = FileLock(self._locks / f"collection-{collection_id}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise StoreBusy(
                f"The collection {name!r} is being indexed already. Wait for that run to end, or cancel it."
            ) from None
        try:
            yield
        finally:
            lock.release()
