"""The steps of one indexing run that concern files."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice
from threading import Event

from mmsearch.indexing.encoding import Encode, encode_pictures
from mmsearch.indexing.pack import VectorPack
from mmsearch.indexing.plan import Plan
from mmsearch.indexing.progress import Meter
from mmsearch.indexing.read_ahead import read_ahead
from mmsearch.indexing.reading import FileReader, ReadFile
from mmsearch.indexing.tally import Tally
from mmsearch.store import Store
from mmsearch.store.records import Entry, FileRecord, KnownFile, Source
from mmsearch.store.vectors import VectorSpace
from mmsearch.types import Skip, Vector

BATCH = 32  # files in one transaction: what a kill can cost
AHEAD = 3 * BATCH  # files read before they are encoded
READERS = 2  # threads that read and decode


class FileRun:
    """Brings the files of one source into the store, with the vectors of their pictures.

    Args:
        store: Where they go.
        image_side: Pixels that the encoder makes use of.
        encode: Makes the vectors of pictures.
        pack: Vectors made beforehand.
        source: Which files.
        space: Where the vectors of pictures go.
        plan: What is to be done about each file.
        tally: Counts it.
    """

    def __init__(
        self,
        store: Store,
        image_side: int,
        encode: Encode,
        pack: VectorPack,
        source: Source,
        space: VectorSpace,
        plan: Plan,
        tally: Tally,
    ) -> None:
        self._store, self._image_side, self._encode, self._pack = store, image_side, encode, pack
        self._source, self._space, self._plan, self._tally = source, space, plan, tally
        self._encoded = store.catalogue.known_pictures(space) if plan.new or plan.changed else set()
        self._missing: dict[str, list[KnownFile]] = defaultdict(list)  # by content
        self._moved: set[int] = set()  # ids of files found again under another path
        self._lost = [other for other in store.catalogue.sources(source.collection_id) if not other.path.exists()]
        for file in (*plan.missing, *(file for lost in self._lost for file in store.catalogue.files(lost).values())):
            if file.content_hash:
                self._missing[file.content_hash].append(file)

    def read_files(self, max_pixels: int, max_seconds: float | None, meter: Meter, cancel: Event) -> None:
        """Read, encode and record what is new or changed, a batch at a time."""
        self._tally.unchanged = sum(file.state == "done" for file in self._plan.unchanged)
        self._tally.skips.extend(Skip(file.path, file.reason) for file in self._plan.unchanged if file.reason)
        meter.skipped = len(self._tally.skips)
        todo = self._plan.to_read
        meter.start("pictures", len(todo))
        needless = self._encoded | self._pack.pictures.keys()
        reader = FileReader(self._source.base, self._image_side, max_pixels, needless, max_seconds)
        results = read_ahead(
            lambda pair: (pair[1], reader.read(*pair)),
            todo,
            threads=READERS,
            ahead=AHEAD,
            patience=reader.patience,
            give_up=lambda pair: (pair[1], reader.give_up(*pair)),
        )
        while not cancel.is_set() and (batch := list(islice(results, BATCH))):
            self._record(batch)
            meter.skipped = len(self._tally.skips)
            meter.step(len(batch))
        results.close()

    def remove_missing(self) -> None:
        """Forget files that are gone and turned up nowhere else, and the items that only they held.

        What a source that is away still lacks stays: its disk may only be unplugged.
        """
        left = [file.id for file in self._plan.missing if file.id not in self._moved]
        self._store.catalogue.remove_files(left)
        for lost in self._lost:
            self._store.catalogue.drop_source_if_empty(lost)
        self._store.catalogue.drop_orphans(self._source.collection_id)
        self._tally.removed = len(left)

    def _record(self, batch: Sequence[tuple[KnownFile | None, ReadFile]]) -> None:
        """Encode a batch's pictures and save it all in one transaction."""
        images = {
            read.record.entries[0].key: read.image
            for _, read in batch
            if read.image is not None and read.record.entries[0].key not in self._encoded
        }
        vectors, failures = encode_pictures(self._encode, images)
        self._tally.pictures_encoded += len(vectors)
        records = [self._settled(known, read.record, vectors, failures) for known, read in batch]
        self._store.catalogue.record(self._source, self._space, records)
        self._encoded |= vectors.keys()
        self._tally.skips.extend(skip for _, read in batch for skip in read.skips)

    def _settled(
        self, known: KnownFile | None, record: FileRecord, vectors: dict[str, Vector], failures: dict[str, str]
    ) -> FileRecord:
        """Return the record as it is to be saved, and count it."""
        failure = record.reason or next((failures[e.key] for e in record.entries if e.key in failures), None)
        if failure is not None:
            self._tally.skips.append(Skip(record.path, failure))
            return replace(record, reason=failure, entries=())
        entries = tuple(self._with_vector(entry, vectors) for entry in record.entries)
        if known is not None:
            self._tally.changed += 1
            return replace(record, entries=entries)
        return replace(record, entries=entries, file_id=self._moved_from(record))

    def _with_vector(self, entry: Entry, vectors: dict[str, Vector]) -> Entry:
        """Attach a picture's vector where the store has none yet."""
        if entry.key in self._encoded:
            return entry
        vector = vectors.get(entry.key, self._pack.pictures.get(entry.key))
        return entry if vector is None else replace(entry, vector=vector)

    def _moved_from(self, record: FileRecord) -> int | None:
        """Return the missing file of the same content that a new one continues, if there is one."""
        candidates = self._missing.get(record.content_hash or "")
        if not candidates:
            self._tally.added += 1
            return None
        file = candidates.pop()
        self._moved.add(file.id)
        self._tally.moved += 1
        return file.id
