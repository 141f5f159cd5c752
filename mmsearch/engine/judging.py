"""The re-rankers that an engine has open, and what they keep of pictures."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Event, Lock
from typing import TypeVar

from PIL import Image

from mmsearch.encoders.base import DualEncoder
from mmsearch.engine.looking import Onlooker, TokenShelf
from mmsearch.engine.opened import Opened
from mmsearch.engine.right_of_way import SMALL_BATCH, RightOfWay
from mmsearch.engine.settings import Settings
from mmsearch.errors import BadInput, RerankerError
from mmsearch.grammar import ParsedQuery
from mmsearch.rerankers.base import Reranker
from mmsearch.rerankers.registry import encoder_below
from mmsearch.rerankers.scale import ScoreScale
from mmsearch.search.second_opinion import Effort, Opinion, SecondOpinion, Seen
from mmsearch.store.blob_cache import BlobCache
from mmsearch.types import Hit, Item, Modality, Results

log = logging.getLogger(__name__)

NONE = "none"  # in place of a re-ranker's name: no second opinion

RerankerLoader = Callable[[str], Reranker]
T = TypeVar("T")


class Judges:
    """Opens each re-ranker once, when it is first needed. Safe to use from several threads.

    Args:
        settings: Say which one is used by default, and how much may be kept.
        load: Opens the re-ranker of a name.
    """

    def __init__(self, settings: Settings, load: RerankerLoader) -> None:
        self._settings, self._load = settings, load
        self._cache = BlobCache(settings.home / "tokens.db", settings.token_megabytes * 1_000_000)
        self._judges: Opened[str, SecondOpinion] = Opened(self._open)
        self._turn = Lock()  # one judges at a time: each takes all cores

    @property
    def default(self) -> str | None:
        """The name of the re-ranker that is used by default, None if there is none."""
        name = self._settings.reranker
        return None if name == NONE else name

    def __call__(self, name: str | None = None) -> SecondOpinion:
        """Return a judge, by default that of the settings.

        Raises:
            RerankerError: If it cannot be loaded, or there is none.
        """
        asked = name or self.default
        if asked in (None, NONE):
            raise RerankerError("No re-ranker is set. Name one in MMSEARCH_RERANKER, such as bundled.")
        return self._judges(asked)

    def warm_up(self) -> None:
        """Load the default re-ranker; where that fails, the first search meets it again and tells the user."""
        if self.default is not None:
            try:
                self()
            except RerankerError as error:
                log.info("No second opinions: %s", error)

    def onlooker(self, encoder: DualEncoder, way: RightOfWay) -> Onlooker | None:
        """Return what encodes pictures and keeps what the default re-ranker needs; None if it is built on another."""
        if self.default is None or encoder_below(self.default) != encoder.fingerprint:
            return None
        return Onlooker(encoder, lambda: self().reranker, self._cache, way)

    def look_ahead(self, items: Sequence[Item], way: RightOfWay, stop: Event) -> None:
        """Look at pictures for the default re-ranker before anybody asks, where that is built on an encoder: quickly.

        Args:
            items: Pictures.
            way: Searches go first.
            stop: Ends it after the pictures at hand.
        """
        if self.default is None or encoder_below(self.default) is None:
            return
        try:
            for start in way.between(range(0, len(items), SMALL_BATCH), stop):
                self.in_turn(partial(_look, items[start : start + SMALL_BATCH]), None)
        except RerankerError as error:
            log.info("No second opinions: %s", error)

    def on_pictures(self, answer: Results, query: ParsedQuery, effort: Effort, name: str | None) -> Iterator[Results]:
        """Yield an answer to words again and again, as its hits are judged."""
        return self._told(answer, lambda judge, hits: judge.on_pictures(query, hits, effort), name)

    def on_texts(
        self, answer: Results, read: Callable[[int], Image.Image], effort: Effort, name: str | None
    ) -> Iterator[Results]:
        """Yield an answer to a picture again and again, as its texts are judged; `read` reads it for a side."""

        def judged(judge: SecondOpinion, hits: Sequence[Hit]) -> Iterator[Opinion]:
            judge.reranker.must_read(Modality.IMAGE)
            picture = judge.reranker.prepare([read(judge.reranker.image_side)])  # in its turn, as it takes all cores
            yield from judge.on_texts(picture, hits, effort)

        return self._told(answer, judged, name)

    def in_turn(self, work: Callable[[SecondOpinion], T], name: str | None) -> T:
        """Return what comes of a piece of work with a judge; a search under way may go first.

        Raises:
            RerankerError: If there is no judge, or it fails.
        """
        judge = self(name)
        with self._turn:
            return work(judge)

    def forget(self, content_hashes: Sequence[str]) -> None:
        """Forget what was kept of some pictures."""
        self._cache.remove(content_hashes)

    def close(self) -> None:
        """Close the file that tokens are kept in."""
        self._cache.close()

    def _told(
        self, answer: Results, judged: Callable[[SecondOpinion, Sequence[Hit]], Iterator[Opinion]], name: str | None
    ) -> Iterator[Results]:
        """Yield an answer as it stands after each part of a second opinion; where there is none it says why."""
        if name is None and self.default is None:
            return
        try:
            judge = self(name)
            opinions = judged(judge, answer.hits)
            while said := self._next(opinions):
                yield replace(
                    answer,
                    hits=said.hits,
                    reranker=judge.reranker.name,
                    judged=said.judged,
                    notice=said.notice,
                    matching=said.matching,
                    nothing=said.nothing,
                    seconds=answer.seconds + said.seconds,
                )
        except RerankerError as error:
            log.warning("No second opinion: %s", error)
            yield replace(answer, notice=str(error))

    def _next(self, opinions: Iterator[Opinion]) -> Opinion | None:
        """Return the next opinion; who takes it need not hurry, for nobody waits for that."""
        with self._turn:
            return next(opinions, None)

    def keep(self, judge: SecondOpinion, scale: ScoreScale) -> Path:
        """Scale what a judge's re-ranker says from now on, here and whenever it is opened; return the file of that.

        Raises:
            BadInput: If the file cannot be written.
        """
        file = self._scale_file(judge.reranker)
        try:
            scale.save(file)
        except OSError as error:
            raise BadInput(f"The calibration cannot be written to {file}: {error.strerror}.") from error
        judge.scale = scale
        return file

    def _scale_file(self, reranker: Reranker) -> Path:
        return self._settings.home / "calibrations" / f"{reranker.fingerprint}.json"

    def _open(self, name: str) -> SecondOpinion:
        reranker, settings = self._load(name), self._settings
        shelf = TokenShelf(reranker, self._cache, settings.max_pixels, settings.max_seconds)
        return SecondOpinion(reranker, shelf.look, scale=_read_scale(self._scale_file(reranker)))


def _look(items: Sequence[Item], judge: SecondOpinion) -> Seen:
    return judge.look(items)


def _read_scale(file: Path) -> ScoreScale | None:
    """Return what was fitted, None if nothing was; what cannot be read is left alone, for searching goes on without."""
    if not file.is_file():
        return None
    try:
        return ScoreScale.load(file)
    except RerankerError as error:
        log.warning("%s", error)
        return None
