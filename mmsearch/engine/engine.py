"""The library's face: index folders, search them, look at what is there."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.engine.aligning import captioned, run_beside_searches
from mmsearch.engine.calibrating import CalibrationReport, asked_of, fit_scale
from mmsearch.engine.evaluating import evaluate_folder, evaluate_stored
from mmsearch.engine.explaining import PictureAsked, explain
from mmsearch.engine.holdings import LIBRARY, Holdings
from mmsearch.engine.preparing import pack_of
from mmsearch.engine.queries import MAX_QUERY, Picture, item_picture, query_picture, query_vector
from mmsearch.engine.roots import allowed_source
from mmsearch.engine.samples import SAMPLES
from mmsearch.engine.settings import Settings, load_settings
from mmsearch.engine.spaces import full_name, not_indexed
from mmsearch.errors import BadInput, NotIndexed, UnknownName
from mmsearch.evaluation import EvaluationReport
from mmsearch.evaluation.reranking import SHORTLIST
from mmsearch.grammar import parse_query
from mmsearch.indexing import Order, ProgressCallback, VectorPack
from mmsearch.indexing.progress import Meter
from mmsearch.search import Searcher
from mmsearch.search.searcher import MEASURE
from mmsearch.search.second_opinion import Effort
from mmsearch.types import Explanation, Item, Modality, Results, RunReport

if TYPE_CHECKING:
    from mmsearch.laboratory import AlignReport

log = logging.getLogger(__name__)

MAX_K = 1_000
MAX_NAME = 100  # characters of a collection's name


class Engine(Holdings):
    """Indexes and searches collections of pictures and texts.

    Safe to use from several threads. Opening one loads no model and downloads nothing: the encoder is loaded
    when it is first needed, or by `warm_up`.

    Args:
        settings: Where things are kept and what is used by default.
        samples: The bundled collection, by default the checkout's.
        load: Opens the encoder of a name, by default `load_encoder` on the settings' device.
        load_judge: Opens the re-ranker of a name, by default `load_reranker` on the settings' device.

    Raises:
        StoreError: If the metadata store cannot be opened.
    """

    @property
    def ready(self) -> bool:
        """Whether a search would be answered without loading anything first."""
        return self._ready.is_set()

    def warm_up(self) -> None:
        """Load encoder and re-ranker and the indexes of the default collection, so that the first search is quick."""
        name = self.default_collection()
        encoder = self._choices.encoder(name, None)
        encoder.encode_texts(["warm up"])
        self._prepare_samples()
        try:
            for modality in Modality:
                self._spaces.index(self._spaces.space(name, encoder, modality), encoder.fingerprint).save()
        except (UnknownName, NotIndexed) as error:  # the first search says so to the user
            log.info("Nothing to search yet: %s", error)
        self._ready.set()
        self._judges.warm_up()

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
            encoder: Which encoder's vectors to use; by default `encoder_of(collection)`.

        Raises:
            BadInput: If there is nothing to search for, or k is out of range.
            BadPicture: If the picture cannot be read.
            UnknownName: If there is no such collection or encoder.
            NotIndexed: If the collection was not indexed with this encoder.
        """
        _check_k(k)
        name = self._resolve(collection)
        model = self._choices.encoder(name, encoder)
        model.load()
        began = time.perf_counter()
        with self._way.searching():
            vector = query_vector(model, text, image, self.settings.max_pixels, self.settings.max_seconds)
            return self._find(vector, model, name, target, k, began)

    def search_twice(
        self,
        text: str | None = None,
        *,
        image: Picture | None = None,
        target: Modality = Modality.IMAGE,
        k: int = 10,
        collection: str | None = None,
        encoder: str | None = None,
        reranker: str | None = None,
        at_least: float | None = None,
        effort: Effort | None = None,
    ) -> Iterator[Results]:
        """Yield what `search` finds, then the same hits in the order of a second opinion, as it comes.

        A re-ranker looks at words and picture together, so words that look for pictures and a picture that looks for
        texts have a second opinion; for other queries there is the first answer alone. What words exclude ("a dog
        without a leash") is not looked for, and counts against a picture that shows it.

        With `at_least` all that match are looked for: more hits are judged, `matching` counts those that are at least
        that probable, and the last answer has only these, unless there are none.

        Args:
            text: As for `search`.
            image: As for `search`.
            target: As for `search`.
            k: As for `search`; more may be judged.
            collection: As for `search`.
            encoder: As for `search`.
            reranker: Name or folder; by default the settings'.
            at_least: Probability from which on a hit matches, 0 to 1; None to find the best one.
            effort: What it may cost instead of the settings' seconds; then `at_least` is the effort's.

        Yields:
            Answers. Each replaces the one before; where the re-ranker fails, the last says so (`notice`).

        Raises:
            BadInput: If `at_least` is no probability.
            MmsearchError: As `search`; never for what the re-ranker does.
        """
        if at_least is not None and not 0 <= at_least <= 1:
            raise BadInput(f"at_least must be a probability, between 0 and 1; got {at_least}.")
        spend = effort or Effort.usual(self.settings.rerank_seconds, at_least)
        words, where = (text or "").strip(), {"collection": collection, "encoder": encoder}
        query = parse_query(words) if words and image is None and target is Modality.IMAGE else None
        by_picture = image if not words and target is Modality.TEXT else None
        most = max(k, spend.hits) if query or by_picture is not None else k
        found = self.search(query.wanted if query else words, image=image, target=target, k=most, **where)
        yield replace(found, hits=found.hits[:k])
        news: Iterator[Results] = iter(())
        if query:
            news = self._judges.on_pictures(found, query, spend, reranker)
        elif by_picture is not None:
            news = self._judges.on_texts(found, self._reader(by_picture), spend, reranker)
        for said in news:
            yield replace(said, hits=said.hits[:k])

    def similar(self, item_id: int, k: int = 10, encoder: str | None = None) -> Results:
        """Find what is nearest to an item of a collection, the item itself left out.

        Args:
            item_id: As a hit names it.
            k: How many hits at most, 1 to 1,000.
            encoder: Which encoder's vectors to use; by default `encoder_of` the item's collection.

        Raises:
            UnknownName: If there is no such item.
            NotIndexed: If the item has no vector of the encoder.
        """
        _check_k(k)
        item = self.item(item_id)
        model = self._choices.encoder(item.collection, encoder)
        began = time.perf_counter()
        return self._find(self._vector(item, model), model, item.collection, item.kind, k, began, exclude=[item.id])

    def explain(
        self,
        text: str,
        *,
        item_id: int | None = None,
        image: Picture | None = None,
        collection: str | None = None,
        encoder: str | None = None,
        reranker: str | None = None,
    ) -> Explanation:
        """Say phrase by phrase why words and a picture belong together, and where in the picture.

        For a picture that words found, name it by `item_id`; for a text that a picture found, give the picture. A
        search under way goes first.

        Args:
            text: The words that were searched for, or the text that was found.
            item_id: Of the picture that was found.
            image: The picture that was searched with, or the path of one.
            collection: Where was searched; with `item_id` it is the item's.
            encoder: As for `search`.
            reranker: As for `search_twice`; "none" for the encoder's view alone.

        Raises:
            BadInput: If there are no words, or not exactly one picture.
            BadPicture: If the picture cannot be read.
            UnknownName: If there is no such item, collection or encoder.
            NotIndexed: If the item has no vector of the encoder.
        """
        words = text.strip()[:MAX_QUERY]
        self._way.give()
        if words and item_id is not None and image is None:
            item = _with_picture(self.item(item_id))
            model = self._choices.encoder(item.collection, encoder)
            return explain(parse_query(words), self._indexed(item, model), model, self._judges, reranker)
        if words and image is not None and item_id is None:
            model = self._choices.encoder(self._resolve(collection), encoder)
            found = replace(parse_query(words), excluded=())  # a text that was found is judged as it stands
            return explain(found, self._given(image, model), model, self._judges, reranker)
        raise BadInput("An explanation needs words and one picture: give item_id of a picture, or image.")

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
            encoder: Which encoder reads it; by default `encoder_of(collection)`. Others that have read the collection
                lag behind until `build`: a search by them finds what they have read.
            include: Glob patterns of files to take, such as `2024/**`; everything if there are none.
            exclude: Glob patterns of files and folders to leave out.
            progress: Called about ten times a second.
            cancel: Set it to end the run after the batch at hand.

        Raises:
            SourceError: If the source is not there, or not below the settings' `index_roots`.
            BadInput: If the collection's name or a pattern cannot be used.
            StoreBusy: If this collection is being indexed already.
        """
        path = allowed_source(source, self.settings.index_roots)
        order = Order(path, _usable_name(collection), tuple(include), tuple(exclude))
        model = self._spaces.encoder(encoder or self._choices.name(order.collection))
        return self._run(order, model, progress, cancel)

    def evaluate_collection(
        self, collection: str, *, language: str | None = None, encoder: str | None = None
    ) -> EvaluationReport:
        """Measure how well a collection's captions and pictures find each other, by the vectors that it has.

        Raises:
            UnknownName: If there is no such collection.
            BadInput: If it has no captioned pictures in that language.
        """
        name = self._resolve(collection)
        model = self._choices.encoder(name, encoder)
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
        settings = self.settings
        return evaluate_folder(model, source, split, language, settings.max_pixels, settings.max_seconds, progress)

    def calibrate(
        self,
        collection: str | None = None,
        *,
        encoder: str | None = None,
        reranker: str | None = None,
        progress: ProgressCallback | None = None,
    ) -> CalibrationReport:
        """Fit the probabilities of a re-ranker to a captioned collection, and use that from now on.

        Each caption looks for its picture, and each phrase that several share for all of these; curves from what the
        re-ranker says to log-odds are fitted, one for each language and length of text. They are kept in the settings'
        home, for this re-ranker.

        Args:
            collection: As for `search`.
            encoder: As for `search`.
            reranker: Name or folder; by default the settings'.
            progress: Called about ten times a second.

        Raises:
            UnknownName: If there is no such collection.
            BadInput: If it has too few captions, or what was fitted cannot be written.
            RerankerError: If the re-ranker cannot be loaded, or fails.
        """
        name, judge = self._resolve(collection), self._judges(reranker)
        model = self._choices.encoder(name, encoder)
        asked = asked_of(self._store, self._spaces.space(name, model, Modality.IMAGE))
        find = partial(self.search, k=SHORTLIST, collection=name, encoder=encoder)
        scale, fits = fit_scale(asked, find, judge, Meter(progress))
        file = self._judges.keep(judge, scale)
        return CalibrationReport(name, model.name, judge.reranker.name, fits, file)

    def align(
        self,
        collection: str | None = None,
        *,
        image_encoder: str | None = None,
        text_encoder: str | None = None,
        method: str = "contrastive",
        seeds: int = 3,
        held_out: float = 0.2,
        progress: ProgressCallback | None = None,
        cancel: Event | None = None,
    ) -> "AlignReport":
        """Learn from the captioned pictures of a collection what brings two encoders together, or adapts one.

        It is measured on pictures that are held out. An encoder that is worth using is written into the settings' home;
        `build` lets it read a collection. One that nothing was built with goes once the next run is done. A search
        under way goes first.

        Args:
            collection: As for `search`.
            image_encoder: Name, folder or hub id, of pictures; by default `encoder_of(collection)`.
            text_encoder: Likewise, of texts; by default that of the pictures, which is then adapted.
            method: How to learn: a key of `alignment.adaptation.METHODS`, or "all" to compare them.
            seeds: How many splits to measure on.
            held_out: Share of the pictures that each split holds out, 0.05 to 0.8.
            progress: Called as the run goes on.
            cancel: Set it to end the run after the step at hand; then the report tells what was finished.

        Raises:
            UnknownName: If there is no such collection, encoder or method.
            BadInput: If seeds or held_out is out of range.
            EncoderError: If an encoder is not on this machine, cannot be loaded or does not take what it should.
            TrainingError: If there are too few captioned pictures, a fit fails or the disk is full.
        """
        from mmsearch.laboratory import AlignSettings, CaptionedSet  # late: loads torch

        name = self._resolve(collection)
        pictures = tuple(captioned(self._store, self._store.directory.collection_id(name)))
        image, text = image_encoder or self._choices.name(name), text_encoder and full_name(text_encoder)
        return run_beside_searches(
            lambda folder: AlignSettings(
                CaptionedSet(name, pictures), folder, full_name(image), text, method, seeds, held_out
            ),
            home=self.settings.home,
            device=self.settings.device,
            in_use=self._names_in_use,
            way=self._way,
            progress=progress,
            cancel=cancel,
        )

    def pack_samples(self, path: Path) -> VectorPack:
        """Write the vectors of the bundled collection to a file that ships with it."""
        encoder = self._spaces.encoder(self.settings.encoder)
        self._prepare_samples()
        pack = pack_of(self._store, self._spaces, encoder)
        pack.save(path)
        return pack

    def _indexed(self, item: Item, encoder: DualEncoder) -> PictureAsked:
        """Return the picture of an item as an explanation needs it."""
        pixels, seconds = self.settings.max_pixels, self.settings.max_seconds
        read = partial(item_picture, item, max_pixels=pixels, max_seconds=seconds)
        return PictureAsked(self._vector(item, encoder), read, item)

    def _given(self, image: Picture, encoder: DualEncoder) -> PictureAsked:
        """Return a picture that was given as an explanation needs it."""
        read = self._reader(image)
        return PictureAsked(encoder.encode_images([read(encoder.image_side)])[0], read)

    def _reader(self, image: Picture) -> Callable[[int], Image.Image]:
        """Return what reads a picture that was given, for a side in pixels."""
        pixels, seconds = self.settings.max_pixels, self.settings.max_seconds
        return partial(query_picture, image, max_pixels=pixels, max_seconds=seconds)

    def _vector(self, item: Item, encoder: DualEncoder) -> NDArray[np.float32]:
        """Return an encoder's stored unit vector of an item, (dim,).

        Raises:
            NotIndexed: If it has none.
        """
        space = self._spaces.space(item.collection, encoder, item.kind)
        owner = item.id if item.kind is Modality.IMAGE else item.texts[0].id
        ids, vectors = self._store.vectors.of(space, [owner])
        if not len(ids):
            raise not_indexed(item.collection, encoder.name)
        vector: NDArray[np.float32] = vectors[0]
        return vector

    def _resolve(self, collection: str | None) -> str:
        """Return a collection's name, the bundled one brought up to date if it is meant."""
        name = collection or self.default_collection()
        if name == SAMPLES:
            self._prepare_samples()
        elif collection is None and name not in self._store.directory.names():
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


def open_engine(settings: Settings | None = None) -> Engine:
    """Open an engine; settings come from the environment unless given."""
    return Engine(settings or load_settings())


def _with_picture(item: Item) -> Item:
    if item.kind is not Modality.IMAGE:
        raise BadInput(f"Item {item.id} is a text. Give the picture that found it as image.")
    return item


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
