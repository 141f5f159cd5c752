"""What an engine has: its collections, and the encoders that have read them."""

from contextlib import suppress
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import Self

from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.presets import ENCODER_FAMILY
from mmsearch.encoders.registry import EncoderInfo, list_encoders, load_encoder
from mmsearch.engine.choosing import Choices
from mmsearch.engine.judging import Judges, RerankerLoader
from mmsearch.engine.preparing import Preparation
from mmsearch.engine.right_of_way import CourteousEncoder, RightOfWay
from mmsearch.engine.samples import SAMPLES, Samples
from mmsearch.engine.settings import Settings
from mmsearch.engine.spaces import EncoderLoader, Spaces
from mmsearch.engine.thumbnails import Thumbnails
from mmsearch.engine.upkeep import Upkeep
from mmsearch.errors import BadInput, EncoderError, UnknownName
from mmsearch.indexing import Indexer, Order, ProgressCallback, VectorPack
from mmsearch.rerankers.registry import load_reranker
from mmsearch.store import Store
from mmsearch.types import CollectionInfo, Item, Modality, Removed, RunReport

LIBRARY = "library"  # the collection that folders go to unless another is named
MAX_PAGE = 1_000  # items


class Holdings:
    """Wires store, indexes and encoders together, and looks after what is there; `Engine` fills and searches it.

    The arguments are those of `Engine`.
    """

    def __init__(
        self,
        settings: Settings,
        samples: Samples | None = None,
        load: EncoderLoader | None = None,
        load_judge: RerankerLoader | None = None,
    ) -> None:
        self.settings = settings
        self._samples = samples or Samples()
        self._store = Store(settings.home / "mmsearch.db")
        self._spaces = Spaces(
            self._store, settings.home / "index", load or partial(load_encoder, device=settings.device)
        )
        self._choices = Choices(self._store, self._spaces, settings.encoder)
        self._preparation = Preparation(
            self._store,
            self._samples,
            settings.home / "samples.stamp",
            lambda order, encoder, pack: self._run(order, encoder, pack=pack),
        )
        self._thumbnails = Thumbnails(settings.home / "thumbnails", settings.max_pixels, settings.max_seconds)
        self._judges = Judges(settings, load_judge or partial(load_reranker, device=settings.device))
        self._upkeep = Upkeep(
            self._store, self._spaces, self._choices, self._thumbnails, self._judges, settings.home / "locks"
        )
        self._way, self._ready, self._closing = RightOfWay(), Event(), Event()

    def __enter__(self) -> Self:
        """Return the engine; it is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine."""
        self.close()

    def item(self, item_id: int) -> Item:
        """Return what is known of an item.

        Raises:
            UnknownName: If there is no such item, or no longer.
        """
        items = self._store.read.items([item_id])
        if item_id not in items:
            raise UnknownName("item", str(item_id), ())
        return items[item_id]

    def items(self, collection: str, *, offset: int = 0, limit: int = 100) -> tuple[Item, ...]:
        """Return a page of a collection, in the order in which its items came.

        Raises:
            UnknownName: If there is no such collection.
            BadInput: If offset is negative, or limit out of range.
        """
        if offset < 0 or not 1 <= limit <= MAX_PAGE:
            raise BadInput(
                f"offset must not be negative, and limit lie between 1 and {MAX_PAGE}; got {offset}, {limit}."
            )
        return self._store.read.of_collection(self._collection_id(collection), offset, limit)

    def count_items(self, collection: str) -> int:
        """Return how many items a collection holds.

        Raises:
            UnknownName: If there is no such collection.
        """
        return self._store.read.count_items(self._collection_id(collection))

    def thumbnail(self, item: Item) -> Path | None:
        """Return a small JPEG of an item's picture, made at the first call; None where there is no picture to see."""
        return self._thumbnails.of(item)

    def build(
        self,
        collection: str,
        encoder: str,
        *,
        progress: ProgressCallback | None = None,
        cancel: Event | None = None,
    ) -> RunReport:
        """Make the vectors that an encoder lacks of all that a collection holds, beside those of other encoders.

        Search goes on meanwhile, by the encoder in use. A build that was killed or cancelled is resumed by the
        same call. Files are not looked for anew: that is what `index` does.

        Args:
            collection: Which one; the bundled one may be.
            encoder: Which encoder reads it.
            progress: Called about ten times a second.
            cancel: Set it to end the run after the batch at hand.

        Raises:
            UnknownName: If there is no such collection or encoder.
            StoreBusy: If this collection is being indexed or built already.
            EncoderError: If the encoder cannot be loaded, or fails; what was done before is kept.
        """
        self._collection_id(collection)
        model = self._spaces.encoder(encoder)
        report = self._indexer(model).build(collection, progress, cancel)
        self._save(collection, model)
        return report

    def remove_encoder(self, collection: str, encoder: str) -> Removed:
        """Delete what an encoder made of a collection.

        Args:
            collection: Which one.
            encoder: As `CollectionInfo.vectors` names it.

        Raises:
            UnknownName: If there is no such collection, or the encoder made nothing of it.
            BadInput: If the encoder searches the collection; see `use_encoder`.
            StoreBusy: If the collection is being indexed.
        """
        return self._upkeep.remove_encoder(collection, encoder)

    def remove_source(self, collection: str, source: Path | str) -> Removed:
        """Forget a source of a collection, and what no other source of it holds. The files themselves stay.

        Raises:
            UnknownName: If there is no such collection or source.
            BadInput: If it is the bundled collection.
            StoreBusy: If the collection is being indexed.
        """
        return self._upkeep.remove_source(_removable(collection), source)

    def remove_collection(self, name: str) -> Removed:
        """Delete a collection with its history. The files that it was made of stay.

        Raises:
            UnknownName: If there is no such collection.
            BadInput: If it is the bundled collection.
            StoreBusy: If it is being indexed.
        """
        return self._upkeep.remove_collection(_removable(name))

    def default_collection(self) -> str:
        """Return the collection that is searched unless another is named."""
        if self.settings.collection is not None:
            return self.settings.collection
        return LIBRARY if self._store.directory.holds_items(LIBRARY) or not self._samples.there else SAMPLES

    def collections(self) -> tuple[CollectionInfo, ...]:
        """Return what each collection holds, the bundled one included."""
        self._prepare_samples()
        found = self._store.directory.collections(self._spaces.fingerprints())
        return tuple(replace(each, encoder=self._choices.name(each.name)) for each in found)

    def runs(self, collection: str | None = None, limit: int = 20) -> tuple[RunReport, ...]:
        """Return the latest indexing runs, newest first."""
        return self._store.runs.list(collection, limit)

    def encoders(self) -> tuple[EncoderInfo, ...]:
        """Return the encoders that are known by name."""
        return list_encoders()

    def download_encoder(self, name: str) -> Path:
        """Fetch the weights of an encoder, because the user said so; return where they lie.

        Raises:
            UnknownName: If there is none of that name.
            EncoderError: If they cannot be had.
        """
        folder = ENCODER_FAMILY.download(name)
        self._choices.retry()
        return folder

    def encoder_of(self, collection: str | None = None) -> str:
        """Return the name of the encoder that searches a collection, by default the one searched by default.

        It is the one chosen with `use_encoder`, else the settings'.
        """
        return self._choices.name(collection or self.default_collection())

    def outdated(self) -> dict[str, str]:
        """Return the collections whose encoder an upgrade changed before it read them anew, each with that encoder.

        What its predecessor made of them cannot be searched with it; `build` lets it read them.
        """
        found = {}
        for name in set(self._store.directory.names()) - {SAMPLES}:
            encoder, readers = self._choices.name(name), self._store.directory.readers(name)
            before = max((count for each, count in readers.items() if each.name == encoder), default=0)
            if not before:
                continue
            with suppress(EncoderError, UnknownName):  # one that is gone has changed nothing
                now = self._spaces.encoder(encoder).fingerprint
                if before > sum(count for each, count in readers.items() if each.fingerprint == now):
                    found[name] = encoder
        return found

    def use_encoder(self, collection: str, encoder: str) -> None:
        """Let an encoder search a collection from now on, in every process.

        Raises:
            UnknownName: If there is no such collection or encoder.
            EncoderError: If it cannot be loaded.
            NotIndexed: If it has not read the collection; `build` does that.
        """
        self._collection_id(collection)
        self._choices.use(collection, encoder)

    def look_ahead(self) -> None:
        """Make small ones of the bundled pictures and look at them for the second opinion; searches go first.

        They come with vectors alone; pictures that are indexed are looked at on the way. What fails is only logged: a
        search meets it again.
        """
        if not self._samples.there:
            return
        pictures = [item for item in self.items(SAMPLES, limit=MAX_PAGE) if item.kind is Modality.IMAGE]
        for item in self._way.between(pictures, self._closing):
            self.thumbnail(item)
        self._judges.look_ahead(pictures, self._way, self._closing)

    def close(self) -> None:
        """Save the indexes and close the store."""
        self._closing.set()
        self._spaces.save()
        self._judges.close()
        self._store.close()

    def _collection_id(self, name: str) -> int:
        """Return a collection's id, the bundled one brought up to date if it is meant."""
        if name == SAMPLES:
            self._prepare_samples()
        return self._store.directory.collection_id(name)

    def _names_in_use(self) -> set[str]:
        """Return the names of the encoders that have read something, and of the one used by default."""
        names = self._store.directory.names()
        return {self.settings.encoder, *(each.name for name in names for each in self._store.directory.readers(name))}

    def _indexer(self, encoder: DualEncoder, pack: VectorPack | None = None) -> Indexer:
        settings = self.settings
        return Indexer(
            self._store,
            CourteousEncoder(encoder, self._way),
            settings.home / "locks",
            max_pixels=settings.max_pixels,
            max_seconds=settings.max_seconds,
            pack=pack,
            encode=self._judges.onlooker(encoder, self._way),
        )

    def _run(
        self,
        order: Order,
        encoder: DualEncoder,
        progress: ProgressCallback | None = None,
        cancel: Event | None = None,
        pack: VectorPack | None = None,
    ) -> RunReport:
        """Index, then bring the index files up to date."""
        report = self._indexer(encoder, pack).run(order, progress, cancel)
        self._save(order.collection, encoder)
        return report

    def _save(self, collection: str, encoder: DualEncoder) -> None:
        for modality in Modality:
            self._spaces.index(self._spaces.space(collection, encoder, modality), encoder.fingerprint).save()

    def _prepare_samples(self) -> None:
        """Bring the bundled collection in step with its folder and the settings' encoder."""
        self._preparation.prepare(self._spaces.encoder(self.settings.encoder))


def _removable(collection: str) -> str:
    if collection == SAMPLES:
        raise BadInput(f"{SAMPLES!r} is the bundled collection and stays. A collection of one's own may be removed.")
    return collection
