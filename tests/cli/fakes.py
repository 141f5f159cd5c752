"""An engine whose answers a reader can work out by hand."""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mmsearch.engine.calibrating import CalibrationReport, TextFit, Trust
from mmsearch.errors import SourceError, UnknownName
from mmsearch.evaluation import EvaluationReport, Metrics
from mmsearch.types import (
    CollectionInfo,
    Explanation,
    HeatMap,
    Hit,
    Item,
    MadeBy,
    Modality,
    Progress,
    Reason,
    Results,
    RunReport,
    Skip,
    StoredText,
)

PHOTOS = Path("/photos")
HOSTILE = 'x"\n\x1b[31m<script>.jpg'  # quotes, a newline, a colour and a tag in a file name


def picture(item_id: int, name: str, caption: str, language: str = "en") -> Item:
    text = StoredText(caption, language, id=item_id * 10)
    return Item(
        item_id, "library", Modality.IMAGE, PHOTOS / name, None, (text,), None, 640, 480, None, f"{item_id:040x}"
    )


ITEMS = (
    picture(1, "dog.jpg", "a dog on the beach"),
    picture(2, "cat.jpg", "a cat on a sofa"),
    picture(3, "狗.jpg", "海滩上的狗", "zh"),
    picture(4, HOSTILE, "a dog\x1b]0;owned\x07 in\na trap"),
)


@dataclass(frozen=True)
class FakeSettings:
    home: Path = Path("/home/ada/.local/share/mmsearch")


@dataclass(frozen=True)
class FakeEncoderInfo:
    name: str
    dim: int
    size_mb: float
    licence: str
    languages: tuple[str, ...]
    source: str
    installed: bool
    good_at: str
    hub_id: str | None


ENCODERS = (
    FakeEncoderInfo("tiny", 512, 55.0, "Apache-2.0 and MIT", ("en", "zh"), "bundled", True, "answers at once", None),
    FakeEncoderInfo("clip-b32", 512, 605.0, "MIT", ("en",), "hub", False, "many subjects", "some/clip"),
)


@dataclass
class FakeEngine:
    """Scores an item by the share of the query's words that its caption holds."""

    settings: FakeSettings = FakeSettings()
    items: tuple[Item, ...] = ITEMS
    skips: tuple[Skip, ...] = ()
    on_index: Callable[[threading.Event], None] = lambda cancel: None
    calls: list[dict[str, object]] = field(default_factory=list)
    closed: bool = False

    def search(
        self,
        text: str | None = None,
        *,
        image: Path | None = None,
        target: Modality = Modality.IMAGE,
        k: int = 10,
        collection: str | None = None,
        encoder: str | None = None,
    ) -> Results:
        self.calls.append({"text": text, "image": image, "target": target, "k": k})
        if collection not in (None, "library"):
            raise UnknownName("collection", str(collection), ["library"])
        words = set((text or "").split())
        scores = {item.id: len(words & set(item.texts[0].text.split())) / (len(words) or 1) for item in self.items}
        ranked = sorted(self.items, key=lambda item: -scores[item.id])[:k]
        hits = tuple(
            Hit(rank, scores[item.id], item, item.texts[0] if target is Modality.TEXT else None)
            for rank, item in enumerate(ranked, 1)
        )
        return Results(hits, "library", encoder or "tiny", "cosine", 0.012)

    def search_twice(
        self,
        text: str | None = None,
        *,
        reranker: str | None = None,
        at_least: float | None = None,
        **asked: Any,
    ) -> Iterator[Results]:
        """The second opinion turns the first two round, at 90 and 40 per cent; nothing matches "nonsense"."""
        found = self.search(text, **asked)
        yield found
        one, other, *rest = found.hits
        judged = [
            replace(other, rank=1, found_at=2, probability=0.9),
            replace(one, rank=2, found_at=1, probability=0.4),
        ]
        hits = (*judged, *(replace(hit, found_at=hit.rank) for hit in rest))
        answer = replace(found, hits=hits, reranker=reranker or "judge", judged=2, notice="It is slow today.")
        if at_least is not None:
            matching = tuple(hit for hit in judged if (hit.probability or 0) >= at_least)
            answer = replace(answer, hits=matching or hits, matching=len(matching))
        yield replace(answer, nothing=text == "nonsense")

    def calibrate(
        self,
        collection: str | None = None,
        *,
        encoder: str | None = None,
        reranker: str | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> CalibrationReport:
        self.calls.append({"collection": collection, "reranker": reranker})
        before, after = Trust(0.9, 0.25), Trust(0.12, 0.01)
        fit = TextFit(400, 12_800, "platt", before, after, 0.91, 0.043)
        file = Path("/home/ada/.local/share/mmsearch/calibrations/ab12.json")
        return CalibrationReport(collection or "library", encoder or "tiny", reranker or "judge", {"en": fit}, file)

    def explain(
        self,
        text: str,
        *,
        item_id: int | None = None,
        image: Path | None = None,
        collection: str | None = None,
        encoder: str | None = None,
        reranker: str | None = None,
    ) -> Explanation:
        """The first word shows upper left, each other one a cell further to the right; a leash must not be there."""
        self.calls.append({"explained": text, "item": item_id, "image": image, "reranker": reranker})
        reasons, at = [], 0
        for number, word in enumerate(text.split()[:4]):
            grid = np.zeros((4, 4), np.float32)
            grid[0, number] = 1
            span = (at, at + len(word))
            kind = "excluded" if word == "leash" else "thing"
            sure = None if reranker == "none" else 0.5 / (number + 1)
            reasons.append(Reason(word, kind, span, sure, 0.25, HeatMap(grid, MadeBy.ATTENTION)))
            at += len(word) + 1
        judge = None if reranker == "none" else "judge"
        return Explanation(text, tuple(reasons), 0.5 if judge else None, encoder or "tiny", judge, None)

    def index(
        self,
        source: str,
        *,
        collection: str = "library",
        encoder: str | None = None,
        include: Sequence[str] = (),
        exclude: Sequence[str] = (),
        progress: Callable[[Progress], None] | None = None,
        cancel: threading.Event | None = None,
    ) -> RunReport:
        self.calls.append({"source": source, "include": tuple(include), "exclude": tuple(exclude)})
        if source == "missing":
            raise SourceError("There is no folder or file missing. Check the path.")
        if progress is not None:
            progress(Progress("scan", 4, 0, 0, 0.0, None))
            progress(Progress("pictures", 2, 4, 1, 58.06, 65.0))
        if cancel is not None:
            self.on_index(cancel)
        state = "cancelled" if cancel is not None and cancel.is_set() else "done"
        return RunReport(7, collection, source, encoder or "tiny", state, 3, 1, 0, 0, 1200, self.skips, 4, 5, 12.34)

    def collections(self) -> tuple[CollectionInfo, ...]:
        return (
            CollectionInfo("library", ("/photos",), 4, 4, {"tiny": (4, 4)}, "tiny"),
            CollectionInfo("samples", ("samples",), 244, 1204, {"tiny": (244, 1204), "clip-b32": (244, 0)}, "tiny"),
        )

    def default_collection(self) -> str:
        return "library"

    def runs(self, collection: str | None = None, limit: int = 20) -> tuple[RunReport, ...]:
        runs = (
            RunReport(2, "library", "/photos", "tiny", "done", 0, 0, 0, 0, 4, (), 0, 0, 0.2),
            RunReport(1, "library", "/photos", "tiny", "cancelled", 4, 0, 0, 0, 0, (Skip("a", "b"),), 4, 4, 3.06),
        )
        return tuple(run for run in runs if collection in (None, run.collection))[:limit]

    def encoders(self) -> tuple[FakeEncoderInfo, ...]:
        return ENCODERS

    def evaluate_collection(
        self, collection: str, *, language: str | None = None, encoder: str | None = None
    ) -> EvaluationReport:
        return self.evaluate_source(collection, language=language, encoder=encoder)

    def evaluate_source(
        self,
        path: Path | str,
        *,
        split: str | None = None,
        language: str | None = None,
        encoder: str | None = None,
        progress: Callable[[Progress], None] | None = None,
    ) -> EvaluationReport:
        name = f"{Path(path).name} {split}" if split else Path(path).name
        metrics = Metrics(
            queries=4,
            recall_at_1=0.5,
            recall_at_5=1.0,
            recall_at_10=1.0,
            median_rank=1.5,
            mrr=0.75,
            ndcg_at_10=0.815465,
            map_at_r=0.5,
            interval_at_10=(0.51, 1.0),
        )
        return EvaluationReport(metrics, metrics, 4, 4, encoder or "tiny", name, language)

    def close(self) -> None:
        self.closed = True
