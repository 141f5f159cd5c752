"""What pretraining is to reach, and whether it does: reads what `benchmarks.pretraining` found."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Found: TypeAlias = Mapping[str, Any]  # by part, as in the JSON; a part that was not measured is missing
NAMES = {"en": "English", "zh": "Chinese"}


@dataclass(frozen=True, slots=True)
class Row:
    """A figure beside what it should be."""

    measure: str
    found: float | None  # None: not measured
    floor: float | None  # None: no goal was set
    aim: float | None
    note: str = ""
    low_is_good: bool = False

    @property
    def verdict(self) -> str:
        """Whether floor and aim are reached."""
        if self.found is None:
            return "not measured"
        if self._reaches(self.aim):
            return "aim reached"
        if self._reaches(self.floor):
            return "floor reached"
        return "short" if self.floor is not None or self.aim is not None else ""

    def _reaches(self, goal: float | None) -> bool:
        if goal is None or self.found is None:
            return False
        return self.found <= goal if self.low_is_good else self.found >= goal


def rows(found: Found) -> Iterator[Row]:
    """Yield the table: shares in per cent, differences in points, ranks from 1."""
    yield from _recall(found.get("recall", {}))
    yield from _gains(
        "ITM over the best 32, Flickr8k dev, R@1", found.get("reranking", {}), {"en": (0, 5), "zh": (0, 3)}
    )
    yield from _scenes(found.get("scenes", []))
    yield from _compose(found.get("compose", {}))
    words = found.get("words", {})
    yield from _gains("hidden words, unseen scenes", words.get("scenes", {}), {"en": (15, 35), "zh": (15, 35)})
    yield from _gains("hidden words, Flickr8k dev", words.get("photos", {}), {"en": (None, None), "zh": (None, None)})
    yield from _nouns(found.get("nouns", {}))


def as_lines(table: list[Row]) -> list[str]:
    """Return the table in columns, for people."""
    cells: list[tuple[str, ...]] = [("measure", "found", "floor", "aim", "", "")]
    cells += [
        (row.measure, *(_number(each) for each in (row.found, row.floor, row.aim)), row.verdict, row.note)
        for row in table
    ]
    widths = [max(len(row[column]) for row in cells) for column in range(len(cells[0]))]
    return ["  ".join(_padded(row, widths)).rstrip() for row in cells]


def _padded(row: tuple[str, ...], widths: list[int]) -> Iterator[str]:
    for column, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if column in (1, 2, 3) else cell.ljust(width)


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _note(name: str, value: float | None) -> str:
    return "" if value is None else f"{name} {value:.1f}"


def _recall(found: Found) -> Iterator[Row]:
    goals = {
        "flickr8k dev en": ((24, 29), (67, 74)),
        "flickr8k dev zh": ((13, 17), (48, 57)),
        "coco dev en": ((32, 40), (84, 90)),
        "coco dev zh": ((None, None), (None, None)),
    }
    for name, of_both in goals.items():
        metrics = found.get(name, {}).get("text_to_image", {})
        for at, (floor, aim) in zip((1, 10), of_both, strict=True):
            share = metrics.get(f"recall_at_{at}")
            yield Row(f"encoder alone, {name}, R@{at}", _percent(share), floor, aim)


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share


def _gains(name: str, found: Found, goals: Mapping[str, tuple[float | None, float | None]]) -> Iterator[Row]:
    """Yield a row for each language, of a record that holds a `Difference`."""
    for language, (floor, aim) in goals.items():
        gain = found.get(language, {}).get("gain")
        if gain is None:
            yield Row(f"{name}, {language}", None, floor, aim)
            continue
        low, high = gain["interval"]
        note = f"{100 * gain['before']:.1f} → {100 * gain['after']:.1f}, 95 % {100 * low:.1f} to {100 * high:.1f}"
        yield Row(f"{name}, {language}, points", 100 * gain["gain"], floor, aim, f"{note}, p {gain['p']:.2g}")


def _scenes(found: list[Any]) -> Iterator[Row]:
    goals = {"en": ((75, 95), (92, 99)), "zh": ((70, 92), (88, 97))}
    full = {each["language"]: each for each in found if each["detail"] == "full"}
    for language, (alone, again) in goals.items():
        each = full.get(language)
        share = each["encoder"]["text_to_image"]["recall_at_1"] if each else None
        yield Row(f"unseen scenes, encoder alone, R@1, {language}", _percent(share), *alone)
        again_found = each["reranked"] if each else None
        share = again_found["recall_at_1"] if again_found else None
        inside = again_found["in_shortlist"] if again_found else None
        note = _note("% among the best 32:", _percent(inside))
        yield Row(f"unseen scenes, after ITM, R@1, {language}", _percent(share), *again, note)


def _nouns(found: Found) -> Iterator[Row]:
    now, before = found.get("now", {}), found.get("heads_only") or {}
    for language, aim in {"en": 3, "zh": None}.items():
        rank, start = (each.get(language, {}).get("median_rank") for each in (now, before))
        yield Row(f"40 unseen nouns, median rank, {language}", rank, start, aim, "floor: heads only", low_is_good=True)


def _compose(found: Found) -> Iterator[Row]:
    matcher = found.get("matcher")
    worst = _percent(matcher["worst"]["accuracy"]) if matcher else None
    kind = str(matcher["worst"]["kind"]) if matcher else ""
    yield Row("compose suite, ITM, worst kind", worst, 90, 98, kind)
    apart = matcher and {
        split: sum(each["accuracy"] for each in matcher["totals"] if each["split"] == split) / len(NAMES)
        for split in ("seen", "held-out")
    }
    gap = 100 * (apart["held-out"] - apart["seen"]) if apart else None
    note = f"{100 * apart['seen']:.1f} → {100 * apart['held-out']:.1f}" if apart else ""
    yield Row("compose suite, ITM, held-out against seen, points", gap, -5, -1, note)
