"""The library's face: index folders, search them, look at what is there."""

import logging
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Lock
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from mmsearch.collection import make_thumbnail
from mmsearch.encoders.base import DualEncoder
from mmsearch.encoders.registry import EncoderInfo, list_encoders, load_encoder
from mmsearch.engine.evaluating import evaluate_folder, evaluate_stored
from mmsearch.engine.queries import Picture, query_vector
from mmsearch.engine.samples import SAMPLES, Samples
from mmsearch.engine.settings import Settings, load_settings
from mmsearch.engine.spaces import EncoderLoader, Spaces, not_indexed
from mmsearch.errors import BadInput, MmsearchError, NotIndexed, StoreBusy, UnknownName
from mmsearch.evaluation import EvaluationReport
from mmsearch.indexing import Indexer, Order, ProgressCallback, VectorPack
from mmsearch.search import Searcher
from mmsearch.search.searcher import MEASURE
from mmsearch.store import Store
from mmsearch.types import CollectionInfo, Item, Modality, Results, RunReport

log = logging.getLogger(__name__)

LIBRARY = "library"  # the collection that folders go to unless another is named
MAX_K = 1_000
MAX_NAME = 100  # characters of a collection's name
THUMBNAIL_SIDE = 400  # pixels of the longer side
SAMPLES_PATIENCE = 60.0  # seconds to wait for another process that prepares the bundled collection


class Engine:
    """Indexes and searches collections of pictures and texts.

    Safe to use from several threads. Opening one loads no model and downloads nothing: the encoder is loaded
    when it is first needed, or by `warm_up`.

    Args:
        settings: Where things are kept and what is used by default.
        samples: The bundled collection, by default the checkout's.
        load: Opens the encoder of a name, by default `load_encoder` on the settings' device.

    Raises:
        StoreError: If the metadata store cannot be opened.
    """

    def __init__(self, settings: Settings, samples: Samples | None = None, load: EncoderLoader | None = None) -> None:
        self.settings = settings
        self._samples = samples or Samples()
        self._store = Store(settings.home / "mmsearch.db")
        self._spaces = Spaces(
            self._store, settings.home / "index", load or partial(load_encoder, device=settings.device)
        )
        self._samples_lock = Lock()
        self._ready = Event()

    def __enter__(self) -> Self:
        """Return the engine; it is closed at the end of the block."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the engine."""
        self.close()

    @property
    def ready(self) -> bool:
        """Whether a search would be answered without loading anything first."""
        return self._ready.is_set()

    def warm_up(self) -> None:
        """Load the encoder and the indexes of the default collection, so that the first search is quick."""
        encoder = self._spaces.encoder(self.settings.encoder)
        encoder.encode_texts(["warm up"])
        self._prepare_samples()
        try:
            for modality in Modality:
                space = self._spaces.space(self.default_collection(), encoder, modality)
                self._spaces.index(space, encoder.fingerprint).save()
        except (UnknownName, NotIndexed) as error:  # the first search says so to the user
            log.info("Nothing to search yet: %s", error)
        self._ready.set()

    def search(
        self,
        text: str | None = None,
        *,
        image: Picture | None = None,
        target: Modality = Modality.IMAGE,
        k: int = 10,
        collection: str | None = None,
        encoder: str | None = None,
    ) -> Results:
        """Find the pictures or texts nearest to words, to a picture, or to both together.

        Args:
            text: Words, in any language that the encoder reads.
            image: A picture, or the path of one.
            target: What to look for: pictures, or texts (captions and text items).
            k: How many hits at most, 1 to 1,000.
            collection: Where to look; by default one's own pictures, or the samples while there are none.
            encoder: Which encoder's vectors to use; by default the settings'.

        Raises:
            BadInput: If there is nothing to search for, or k is out of range.
            BadPicture: If the picture cannot be read.
            UnknownName: If there is no such collection or encoder.
            NotIndexed: If the collection was not indexed with this encoder.
        """
        _check_k(k)
        model, name = self._spaces.encoder(encoder or self.settings.encoder), self._resolve(collection)
        model.load()
        began = time.perf_counter()
        vector = query_vector(model, text, image, self.settings.max_pixels)
        return self._find(vector, model, name, target, k, began)

    def similar(self, item_id: int, k: int = 10) -> Results:
        """Find what is nearest to an item of a collection, the item itself left out.

        Raises:
            UnknownName: If there is no such item.
            NotIndexed: If the item has no vector of the default encoder.
        """
        _check_k(k)
        item, encoder = self.item(item_id), self._spaces.encoder(self.settings.encoder)
        began = time.perf_counter()
        space = self._spaces.space(item.collection, encoder, item.kind)
        owner = item.id if item.kind is Modality.IMAGE else item.texts[0].id
        ids, vectors = self._store.vectors.of(space, [owner])
        if not len(ids):
            raise not_indexed(item.collection, encoder.name)
        return self._find(vectors[0], encoder, item.collection, item.kind, k, began, exclude=[item.id])

    def item(self, item_id: int) -> Item:
        """Return what is known of an item.

        Raises:
            UnknownName: If there is no such item, or no longer.
        """
        items = self._store.read.items([item_id])
        if item_id not in items:
            raise UnknownName("item", str(item_id), ())
        return items[item_id]

    def thumbnail(self, item: Item) -> Path | None:
        """Return a small JPEG of an item's picture, made at the first call; None where there is no picture to see."""
        target = self.settings.home / "thumbnails" / item.content_hash[:2] / f"{item.content_hash}.jpg"
        if target.exists():
            return target
        if item.kind is not Modality.IMAGE or item.path is None:
            return None
        try:
            make_thumbnail(item.path, target, side=THUMBNAIL_SIDE, max_pixels=self.settings.max_pixels)
        except (MmsearchError, OSError) as error:
            log.warning("No thumbnail of %s: %s", item.path, error)
            return None
        return target

    def index(
        self,
        source: Path | str,
        *,
        collection: str = LIBRARY,
        encoder: str | None = None,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        progress: ProgressCallback | None = None,
        cancel: Event | None = None,
    ) -> RunReport:
        """Bring a collection in step with a folder of pictures and texts, or with one file of texts.

        Unchanged files cost a look at their size and time; moved ones keep their vectors; deleted ones leave.
        A run that was killed or cancelled is resumed by the same call.

        Args:
            source: A folder, or a .txt, .jsonl or .csv file.
            collection: Where it goes; made if there is none of that name.
            encoder: Which encoder reads it; by default the settings'.
            include: Glob patterns of files to take, such as `2024/**`; everything if there are none.
            exclude: Glob patterns of files and folders to leave out.
            progress: Called about ten times a second.
            cancel: Set it to end the run after the batch at hand.

        Raises:
            SourceError: If the source is not there.
            BadInput: If the collection's name or a pattern cannot be used.
            StoreBusy: If this collection is being indexed already.
        """
        order = Order(Path(source).expanduser().resolve(), _usable_name(collection), tuple(include), tuple(exclude))
        return self._run(order, encoder or self.settings.encoder, progress, cancel)

    def default_collection(self) -> str:
        """Return the collection that is searched unless another is named."""
        if self.settings.collection is not None:
            return self.settings.collection
        return LIBRARY if self._store.read.holds_items(LIBRARY) or not self._samples.there else SAMPLES

    def collections(self) -> tuple[CollectionInfo, ...]:
        """Return what each collection holds, the bundled one included."""
        self._prepare_samples()
        return self._store.read.collections()

    def runs(self, collection: str | None = None, limit: int = 20) -> tuple[RunReport, ...]:
        """Return the latest indexing runs, newest first."""
        return self._store.runs.list(collection, limit)

    def encoders(self) -> tuple[EncoderInfo, ...]:
        """Return the encoders that are known by name."""
        return list_encoders()

    def evaluate_collection(
        self, collection: str, *, language: str | None = None, encoder: str | None = None
    ) -> EvaluationReport:
        """Measure how well a collection's captions and pictures find each other, by the vectors that it has.

        Raises:
            UnknownName: If there is no such collection.
            BadInput: If it has no captioned pictures in that language.
        """
        model, name = self._spaces.encoder(encoder or self.settings.encoder), self._resolve(collection)
        space = self._spaces.space(name, model, Modality.IMAGE)
        return evaluate_stored(self._store, space, model.name, name, language)

    def evaluate_source(
        self,
        path: Path | str,
        *,
        split: str | None = None,
        language: str | None = None,
        encoder: str | None = None,
        progress: ProgressCallback | None = None,
    ) -> EvaluationReport:
        """Measure how well captions and pictures of a folder find each other, without indexing it.

        Args:
            path: A captioned folder, or a caption file such as `captions.jsonl`.
            split: Only rows whose `split` says so.
            language: Only captions in this language, such as `en`.
            encoder: By default the settings'.
            progress: Called about ten times a second.

        Raises:
            SourceError: If there is no such folder or file.
            BadInput: If it has no captioned pictures of that split and language.
        """
        model = self._spaces.encoder(encoder or self.settings.encoder)
        source = Path(path).expanduser().resolve()
        return evaluate_folder(model, source, split, language, self.settings.max_pixels, progress)

    def pack_samples(self, path: Path) -> VectorPack:
        """Write the vectors of the bundled collection to a file that ships with it."""
        encoder = self._spaces.encoder(self.settings.encoder)
        self._prepare_samples()
        space = self._spaces.space(SAMPLES, encoder, Modality.IMAGE)
        ids, pictures = self._store.vectors.all(space)
        text_ids, texts = self._store.vectors.all(replace(space, modality=Modality.TEXT))
        items = self._store.read.items(ids.tolist())
        words = {text.id: text.text for item in items.values() for text in item.texts}
        pack = VectorPack(
            encoder.fingerprint,
            {items[i].content_hash: vector for i, vector in zip(ids.tolist(), pictures, strict=True)},
            {words[i]: vector for i, vector in zip(text_ids.tolist(), texts, strict=True)},
        )
        pack.save(path)
        return pack

    def close(self) -> None:
        """Save the indexes and close the store."""
        self._spaces.save()
        self._store.close()

    def _resolve(self, collection: str | None) -> str:
        """Return a collection's name, the bundled one brought up to date if it is meant."""
        name = collection or self.default_collection()
        if name == SAMPLES:
            self._prepare_samples()
        elif collection is None and name not in self._store.read.names():
            raise NotIndexed(f"The collection {name!r} is empty. Give it a folder first: mmsearch index FOLDER")
        return name

    def _find(
        self,
        vector: NDArray[np.float32],
        encoder: DualEncoder,
        collection: str,
        target: Modality,
        k: int,
        began: float,
        exclude: Sequence[int] = (),
    ) -> Results:
        """Search one space by a unit vector, (dim,)."""
        space = self._spaces.space(collection, encoder, target)
        index = self._spaces.index(space, encoder.fingerprint)
        if not len(index) and self._store.read.holds_any(space):
            raise not_indexed(collection, encoder.name)
        hits = Searcher(self._store, index, target).search(vector, k, exclude)
        return Results(hits, collection, encoder.name, MEASURE, time.perf_counter() - began)

    def _run(
        self,
        order: Order,
        encoder: str,
        progress: ProgressCallback | None,
        cancel: Event | None,
        pack: VectorPack | None = None,
    ) -> RunReport:
        """Index, then bring the index files up to date."""
        model = self._spaces.encoder(encoder)
        indexer = Indexer(
            self._store, model, self.settings.home / "locks", max_pixels=self.settings.max_pixels, pack=pack
        )
        report = indexer.run(order, progress, cancel)
        for modality in Modality:
            space = self._spaces.space(order.collection, model, modality)
            self._spaces.index(space, model.fingerprint).save()
        return report

    def _prepare_samples(self) -> None:
        """Bring the bundled collection in step with its folder and the encoder; quick where nothing changed."""
        if not self._samples.there:
            return
        encoder = self._spaces.encoder(self.settings.encoder)
        stamp_file = self.settings.home / "samples.stamp"
        stamp = f"{self._store.uid} {self._samples.stamp(encoder.fingerprint)}"
        with self._samples_lock:
            give_up = time.monotonic() + SAMPLES_PATIENCE
            while not (stamp_file.is_file() and stamp_file.read_text(encoding="utf8") == stamp):
                try:
                    self._run(
                        Order(self._samples.folder, SAMPLES), self.settings.encoder, None, None, self._samples.pack()
                    )
                    stamp_file.write_text(stamp, encoding="utf8")
                except StoreBusy:  # another process is at it
                    if time.monotonic() > give_up:
                        raise
                    time.sleep(0.1)


def open_engine(settings: Settings | None = None) -> Engine:
    """Open an engine; settings come from the environment unless given."""
    return Engine(settings or load_settings())


def _check_k(k: int) -> None:
    if not 1 <= k <= MAX_K:
        raise BadInput(f"k must lie between 1 and {MAX_K}; got {k}.")


def _usable_name(collection: str) -> str:
    """Return a collection's name without blanks around it."""
    name = collection.strip()
    if not name or len(name) > MAX_NAME or not name.isprintable():
        raise BadInput(f"A collection's name needs 1 to {MAX_NAME} printable characters; got {collection!r}.")
    if name == SAMPLES:
        raise BadInput(f"{SAMPLES!r} is the bundled collection. Choose another name, such as {LIBRARY!r}.")
    return name
