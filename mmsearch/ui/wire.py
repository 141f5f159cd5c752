"""What the page is told: our types as plain values that JSON can carry.

Names, captions and addresses come from strangers' files. They travel as text and the page shows them as text; it
never makes HTML of them.
"""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from mmsearch.collection.reasons import parse_reason
from mmsearch.types import CollectionInfo, Explanation, HeatMap, Hit, Item, Modality, Reason, Results, RunReport, Skip

if TYPE_CHECKING:
    from mmsearch.encoders.registry import EncoderInfo
    from mmsearch.laboratory import AlignReport
    from mmsearch.ui.jobs import JobState

Plain: TypeAlias = "str | int | float | bool | list[Plain] | dict[str, Plain] | None"
Told: TypeAlias = dict[str, Plain]

SKIPS_TOLD = 200  # a folder of strange files may skip thousands
LANGUAGES = ("en", "zh")


def sendable(value: object) -> Plain:
    """Return a value with every text valid UTF-8: file names and pasted words may hold lone surrogates."""
    if isinstance(value, dict):
        return {str(sendable(key)): sendable(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [sendable(one) for one in value]
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode()
    if value is None or isinstance(value, bool | int | float):
        return value
    return sendable(str(value))


def results(answer: Results) -> Told:
    """Return an answer with as little of each hit as its place in the gallery needs."""
    return {
        "collection": answer.collection,
        "encoder": answer.encoder,
        "measure": answer.measure,
        "ms": round(1000 * answer.seconds),
        "reranker": answer.reranker,
        "judged": answer.judged,
        "matching": answer.matching,
        "nothing": answer.nothing,
        "notice": answer.notice,
        "hits": [hit(one) for one in answer],
    }


def hit(one: Hit) -> Told:
    """Return a hit: its item, rank, score and, where a text matched, that text."""
    told = tile(one.item) | {"rank": one.rank, "score": round(one.score, 4)}
    if one.found_at is not None:
        told |= {"found_at": one.found_at, "probability": _percent(one.probability), "confidence": one.confidence}
    if one.text is not None:
        told |= {"text": one.text.text, "text_id": one.text.id, "language": one.text.language}
    return told


def explanation(why: Explanation) -> Told:
    """Return why a text and a picture were found together."""
    return {
        "text": why.text,
        "probability": _percent(why.probability),
        "encoder": why.encoder,
        "reranker": why.reranker,
        "notice": why.notice,
        "phrases": [_reason(one) for one in why.phrases],
    }


def _reason(one: Reason) -> Told:
    return {
        "text": one.text,
        "kind": one.kind,
        "excluded": one.excluded,
        "span": list(one.span) if one.span else None,
        "probability": _percent(one.probability),
        "cosine": round(one.cosine, 3),
        "heat": _heat(one.heat) if one.heat else None,
    }


def _heat(heat: HeatMap) -> Told:
    grid: list[Plain] = np.round(heat.grid.astype(float), 3).tolist()
    return {"grid": grid, "place": heat.place(), "made_by": heat.made_by.value}


def _percent(probability: float | None) -> float | None:
    return None if probability is None else round(probability, 3)


def tile(item: Item) -> Told:
    """Return what the gallery shows of an item."""
    return {
        "id": item.id,
        "hash": item.content_hash,
        "kind": item.kind.value,
        "width": item.width,
        "height": item.height,
        "names": {language: name(item, language) for language in LANGUAGES},
    }


def name(item: Item, language: str) -> str:
    """Return what to call an item: its title, else its first caption in that language or any, else its file."""
    title = item.title_in(language)
    if title:
        return title
    captions = sorted(item.texts, key=lambda text: text.language != language)
    if captions:
        return captions[0].text
    return item.path.name if item.path else ""


def place(path: Path | str, whole: bool) -> str:
    """Return where something lies: all of it, or its last part for those who need not know the rest."""
    return str(path) if whole else Path(path).name


def details(item: Item, paths: bool) -> Told:
    """Return all that is known about an item; where its file lies only if `paths` says so."""
    return tile(item) | {
        "collection": item.collection,
        "captions": [
            {"id": text.id, "text": text.text, "language": text.language, "kind": text.kind} for text in item.texts
        ],
        "credit": asdict(item.credit) if item.credit else None,
        "path": place(item.path, paths) if item.path else None,
        "bytes": _bytes(item.path),
        "date": item.taken_at.isoformat(sep=" ", timespec="minutes") if item.taken_at else None,
        "has_picture": item.kind is Modality.IMAGE,
        "extra": {key: value for key, value in item.extra.items() if not key.startswith("title_")},
    }


def credit(item: Item) -> Told:
    """Return an item's row on the page of credits."""
    return tile(item) | {"credit": asdict(item.credit) if item.credit else None}


def collection(info: CollectionInfo, paths: bool) -> Told:
    """Return what a collection holds."""
    return {
        "name": info.name,
        "sources": [place(source, paths) for source in info.sources],
        "pictures": info.pictures,
        "texts": info.texts,
        "encoder": info.encoder,
        "vectors": {name: {"pictures": n[0], "texts": n[1]} for name, n in info.vectors.items()},
    }


def encoder(info: "EncoderInfo") -> Told:
    """Return what one wants to know before choosing an encoder."""
    return asdict(info) | {"languages": list(info.languages)}


def run(report: RunReport, paths: bool) -> Told:
    """Return what a run did, its skipped files cut to a readable number."""
    told = asdict(report) | {"source": place(report.source, paths)}
    told["skips"] = [skip(one) for one in report.skips[:SKIPS_TOLD]]
    told["skipped"] = len(report.skips)
    return told


def skip(one: Skip) -> Told:
    """Return a skipped file; `key` and `parts` let the page say the reason in another language."""
    parsed = parse_reason(one.reason)
    return {
        "path": one.path,
        "reason": one.reason,
        "key": parsed[0].name if parsed else None,
        "parts": list(parsed[1]) if parsed else [],
    }


def alignment(report: "AlignReport") -> Told:
    """Return what the laboratory found, its files that were left out counted."""
    methods = [asdict(each) | {"helped": each.helped} for each in report.methods]
    told: Told = asdict(report) | {"methods": methods, "left_out": len(report.left_out)}
    return told


def job(now: "JobState", paths: bool) -> Told:
    """Return where the work behind the page stands; of what the laboratory found, only how it ended."""
    report: Told | None = None
    if now.report is not None:
        report = run(now.report, paths) if isinstance(now.report, RunReport) else {"state": now.report.state}
    return {
        "work": now.work,
        "state": now.state,
        "source": place(now.source, paths),
        "collection": now.collection,
        "encoder": now.encoder,
        "progress": asdict(now.progress) if now.progress else None,
        "report": report,
        "problem": now.problem,
    }


def _bytes(path: Path | None) -> int | None:
    """Return the size of a file; None where it is gone."""
    try:
        return path.stat().st_size if path else None
    except OSError:
        return None
