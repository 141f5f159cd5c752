"""An engine without a model: drawn pictures, words that match letter by letter."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event
from types import SimpleNamespace

import numpy as np
from PIL import Image

from mmsearch.encoders.registry import EncoderInfo
from mmsearch.errors import BadInput, NotIndexed, SourceError, TrainingError, UnknownName
from mmsearch.evaluation.metrics import Difference
from mmsearch.laboratory import AlignReport, Drawing, MethodResult, Spread
from mmsearch.types import (
    CollectionInfo,
    Credit,
    Explanation,
    HeatMap,
    Hit,
    Item,
    MadeBy,
    Modality,
    Progress,
    Reason,
    Removed,
    Results,
    RunReport,
    Skip,
    StoredText,
)

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>${1+1}{{7*7}}'


def draw(folder: Path, name: str, colour: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    Image.new("RGB", (80, 60), colour).save(path)
    return path


def picture_item(id_: int, path: Path, *captions: str, title: str | None = None, credit: Credit | None = None) -> Item:
    texts = tuple(StoredText(words, "en", id=100 * id_ + n) for n, words in enumerate(captions))
    return Item(id_, "samples", Modality.IMAGE, path, title, texts, credit, 80, 60, None, f"{id_:040x}")


def found_alignment(state: str, collection: str, folder: Path) -> AlignReport:
    """A report of one method that helped, written into a folder; of a cancelled run, one of none."""
    figures = {way: {"R@1": Spread(0.5, 0.25, 0.75)} for way in ("text_to_image", "image_to_text")}
    points = ((0.0, 0.0), (1.0, 0.5))
    done = state == "done"
    gain = Difference(0.25, 0.5, 0.25, (0.125, 0.375), 0.001)
    return AlignReport(
        state=state, pairs=collection, image_encoder="fake", text_encoder="other", aligned=False,
        pictures=20, texts=40, held_out=4, seeds=2, baseline=MethodResult("cca", figures if done else {}),
        methods=(MethodResult(folder.name, figures, 1.5, (), gain, folder),) if done else (),
        best=folder.name if done else None, recommended=folder if done else None, plots=(),
        left_out=(Skip(HOSTILE, "has no caption"),), seconds=9.0,
        drawing=Drawing({"cca": (0.5, 0.25)}, (points, points), (points, points), True, {}) if done else None,
    )  # fmt: skip


@dataclass
class FakeEngine:
    """Ranks by how many words of the query a caption contains; a picture query ranks by id."""

    home: Path
    all: list[Item] = field(default_factory=list)
    ready: bool = True
    steps: int = 3  # progress reports of an indexing run
    gate: Event | None = None  # an indexing run waits for it after its first step
    closed: bool = False

    def __post_init__(self):
        self.settings = SimpleNamespace(home=self.home, max_pixels=1_000_000, max_seconds=20.0, index_roots=None)
        self.looked_ahead = False
        self.ran: list[RunReport] = []
        self.indexed: list[tuple] = []
        self.in_use = "fake"
        self.vectors = {"fake": (len(self.all), 5)}
        self.removed: list[str] = []
        self.aligned: list[tuple] = []
        self.explained: list[tuple] = []
        self.left_behind: dict[str, str] = {}

    def warm_up(self):
        self.ready = True

    def look_ahead(self):
        self.looked_ahead = self.ready

    def search(self, text=None, *, image=None, target=Modality.IMAGE, k=10, collection=None, encoder=None):
        if collection not in (None, "samples", "library"):
            raise UnknownName("collection", collection, ("samples",))
        if image is None and not (text or "").strip():
            raise BadInput("Nothing to search for.")
        hits = self._pictures(text, k) if target is Modality.IMAGE else self._texts(text, k)
        return Results(tuple(hits), collection or "samples", "fake", "cosine", 0.012)

    def search_twice(self, text=None, at_least=None, **asked):
        """The second opinion turns the order round; the first of it is certain, the last was not judged.

        Nothing matches "nonsense".
        """
        found = self.search(text, **asked)
        yield found
        turned = [
            replace(hit, rank=rank, found_at=hit.rank, probability=None if rank == len(found) else 1 / rank)
            for rank, hit in enumerate(reversed(found.hits), 1)
        ]
        answer = replace(found, hits=tuple(turned), reranker="judge", judged=len(found) - 1, nothing=text == "nonsense")
        if at_least is not None:
            matching = tuple(hit for hit in turned if (hit.probability or 0) >= at_least)
            answer = replace(answer, hits=matching, matching=len(matching))
        yield answer

    def explain(self, text, *, item_id=None, image=None, collection=None, encoder=None, reranker=None):
        """Each word is a phrase; a leash must not be there. All show upper left."""
        if item_id is not None:
            self.item(item_id)
        self.explained.append((text, item_id, image, collection, encoder))
        heat = HeatMap(np.array([[1, 0.12345], [0, 0]], np.float32), MadeBy.ATTENTION)
        kinds = {"leash": "excluded"}
        reasons = tuple(Reason(word, kinds.get(word, "thing"), None, 0.98765, 0.25, heat) for word in text.split())
        return Explanation(text, reasons, 0.5, encoder or "fake", "judge", None)

    def similar(self, item_id, k=10, encoder=None):
        others = [item for item in self.all if item.id != self.item(item_id).id]
        hits = tuple(Hit(n, 1 / n, item) for n, item in enumerate(others[:k], 1))
        return Results(hits, "samples", "fake", "cosine", 0.001)

    def item(self, item_id):
        for item in self.all:
            if item.id == item_id:
                return item
        raise UnknownName("item", str(item_id), ())

    def thumbnail(self, item):
        return item.path if item.path and item.path.exists() else None

    def collections(self):
        return (CollectionInfo("samples", ("data",), len(self.all), 5, self.vectors, self.in_use),)

    def outdated(self):
        return self.left_behind

    def encoders(self):
        here = EncoderInfo("fake", 8, 1, "MIT", ("en",), "drawn", True, "words letter by letter", None)
        return (here, replace(here, name="other", good_at="the same"), replace(here, name="far", installed=False))

    def items(self, collection, *, offset=0, limit=100):
        return tuple(self.all[offset : offset + limit])

    def count_items(self, collection):
        return len(self.all)

    def use_encoder(self, collection, encoder):
        if encoder not in self.vectors:
            raise NotIndexed(f"{collection!r} has no vectors of {encoder!r}.")
        self.in_use = encoder

    def build(self, collection, encoder, *, progress=None, cancel=None):
        report = self.index(self.home.parent, collection=collection, progress=progress, cancel=cancel)
        self.vectors[encoder] = (len(self.all), 5)
        return report

    def align(self, collection, *, image_encoder, text_encoder, method, progress=None, cancel=None):
        """What is found depends on nothing; a run that is cancelled has measured nothing."""
        self.aligned.append((collection, image_encoder, text_encoder, method))
        if collection != "samples":
            raise TrainingError(f"{collection} holds 3 pictures with texts; at least 20 are needed.")
        run = self.index(self.home.parent, collection=collection, progress=progress, cancel=cancel)
        return found_alignment(run.state, collection, self.home / "aligned" / "x" / method)

    def remove_encoder(self, collection, encoder):
        if encoder == self.in_use:
            raise BadInput(f"{encoder!r} is in use.")
        del self.vectors[encoder]
        return Removed(0, 0, 8, 4096)

    def remove_collection(self, name):
        self.removed.append(name)
        return Removed(len(self.all), 5, 8, 4096)

    def default_collection(self):
        return "samples"

    def runs(self, collection=None, limit=20):
        return tuple(reversed(self.ran))[:limit]

    def index(self, source, *, collection="library", encoder=None, include=(), exclude=(), progress=None, cancel=None):
        self.indexed.append((source, collection, include, exclude))
        if not Path(source).exists():
            raise SourceError(f"There is no folder {source}.")
        state = "done"
        for step in range(1, self.steps + 1):
            if cancel is not None and cancel.is_set():
                state = "cancelled"
                break
            if progress is not None:
                progress(Progress("pictures", step, self.steps, 1, 12.5, float(self.steps - step)))
            if self.gate is not None and step == 1:
                self.gate.wait(10)
        report = RunReport(
            len(self.ran) + 1, collection, str(source), "fake", state, 3, 0, 0, 0, 0,
            (Skip(HOSTILE, "not a picture"),), 3, 2, 0.4,
        )  # fmt: skip
        self.ran.append(report)
        return report

    def close(self):
        self.closed = True

    def _pictures(self, text, k):
        wanted = set((text or "").lower().split())

        def score(item):
            return max((len(wanted & set(one.text.lower().split())) for one in item.texts), default=0)

        ranked = sorted(self.all, key=lambda item: (-score(item), item.id)) if wanted else self.all
        return [Hit(n, 1 / n, item) for n, item in enumerate(ranked[:k], 1)]

    def _texts(self, text, k):
        pairs = [(one, item) for item in self.all for one in item.texts][:k]
        return [Hit(n, 1 / n, item, one) for n, (one, item) in enumerate(pairs, 1)]
