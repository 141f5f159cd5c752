"""One run of the indexer: from a folder to rows and vectors, or from one encoder's vectors to another's."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Event

from mmsearch.collection import ScanResult, scan
from mmsearch.encoders.base import DualEncoder
from mmsearch.indexing.alone import alone
from mmsearch.indexing.encoding import Encode
from mmsearch.indexing.missing import MissingVectors
from mmsearch.indexing.pack import VectorPack
from mmsearch.indexing.plan import make_plan
from mmsearch.indexing.progress import Meter, ProgressCallback
from mmsearch.indexing.run import FileRun
from mmsearch.indexing.tally import Tally
from mmsearch.store import Store
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import EVERYTHING, Modality, RunReport


@dataclass(frozen=True, slots=True)
class Order:
    """What to index, and where it goes."""

    source: Path  # folder, or file of texts; absolute
    collection: str
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Indexer:
    """Fills a store with one encoder.

    Every batch is one transaction of rows and vectors, so a killed run is simply run again. One run at a time
    in each collection; searching goes on meanwhile.

    Args:
        store: Where rows and vectors go.
        encoder: Makes the vectors.
        locks: Folder of the lock files.
        max_pixels: Larger pictures are skipped.
        max_seconds: Pictures that take longer to read are skipped; None for as long as it takes.
        pack: Vectors made beforehand; ignored if another encoder made them.
        encode: Encodes pictures in place of the encoder, to the same vectors, where more is kept of them.
    """

    def __init__(
        self,
        store: Store,
        encoder: DualEncoder,
        locks: Path,
        *,
        max_pixels: int,
        max_seconds: float | None = None,
        pack: VectorPack | None = None,
        encode: Encode | None = None,
    ) -> None:
        self._store, self._encoder, self._locks = store, encoder, locks
        self._max_pixels, self._max_seconds = max_pixels, max_seconds
        self._encode: Encode = encode or (lambda images: encoder.encode_images(list(images.values())))
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
        meter, stop = Meter(progress), cancel or Event()
        scanned = scan(order.source, order.include, order.exclude)  # first, so that a missing source changes nothing
        self._store.catalogue.open_collection(order.collection)

        def work(pictures: VectorSpace, tally: Tally) -> None:
            self._read_source(order, scanned, pictures, tally, meter, stop)
            self._fill(pictures, tally, meter, stop)

        return self._told(order.collection, str(order.source), work, meter, stop)

    def build(
        self, collection: str, progress: ProgressCallback | None = None, cancel: Event | None = None
    ) -> RunReport:
        """Make the vectors that the encoder lacks of all that a collection holds; its files are not looked for anew.

        Args:
            collection: Its name.
            progress: Called about ten times a second.
            cancel: Ends the run after the batch at hand; the next one goes on from there.

        Raises:
            UnknownName: If there is no such collection.
            StoreBusy: If another run is at it.
            EncoderError: If the encoder fails; what was done before is kept.
        """
        meter, stop = Meter(progress), cancel or Event()

        def work(pictures: VectorSpace, tally: Tally) -> None:
            self._fill(pictures, tally, meter, stop)

        return self._told(collection, EVERYTHING, work, meter, stop)

    def _told(
        self, collection: str, source: str, work: Callable[[VectorSpace, Tally], None], meter: Meter, cancel: Event
    ) -> RunReport:
        """Do the work of a run, alone in its collection, and write it into the history however it ends."""
        encoder, state = self._encoder, "failed"
        with alone(self._store, self._locks, collection) as collection_id:
            run_id = self._store.runs.start(collection_id, source, encoder.name)
            tally = Tally(run_id, collection, source, encoder.name)
            try:
                encoder_id = self._store.vectors.register_encoder(encoder.name, encoder.fingerprint, encoder.dim)
                work(VectorSpace(collection_id, encoder_id, Modality.IMAGE, encoder.dim), tally)
                state = "cancelled" if cancel.is_set() else "done"
            finally:
                report = tally.report(state)
                self._store.runs.finish(report)
        if state == "done":
            meter.start("done", 0)
        return report

    def _read_source(
        self, order: Order, scanned: ScanResult, pictures: VectorSpace, tally: Tally, meter: Meter, cancel: Event
    ) -> None:
        """Read what is new or changed, and forget what is gone."""
        source = self._store.catalogue.open_source(
            pictures.collection_id, order.source, scanned.base, order.include, order.exclude
        )
        tally.skips.extend(scanned.skips)
        plan = make_plan(scanned, self._store.catalogue.files(source))
        side = self._encoder.image_side
        files = FileRun(self._store, side, self._encode, self._pack, source, pictures, plan, tally)
        files.read_files(self._max_pixels, self._max_seconds, meter, cancel)
        if not cancel.is_set():
            files.remove_missing()

    def _fill(self, pictures: VectorSpace, tally: Tally, meter: Meter, cancel: Event) -> None:
        """Encode whatever the encoder has not seen yet."""
        missing = MissingVectors(self._store, self._encoder, self._encode, self._pack, tally, meter, cancel)
        missing.encode_pictures(pictures, self._max_pixels, self._max_seconds)
        missing.encode_texts(replace(pictures, modality=Modality.TEXT))
